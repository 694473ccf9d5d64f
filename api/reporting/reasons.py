"""Why a person counts in an indicator or does not: the words for what the SQL of the indicators says."""

from __future__ import annotations

from collections.abc import Mapping

from api.language import msgid

WHY: Mapping[str, str] = {
    "contract": msgid("签约有效"),
    "controlled": msgid("达标"),
    "diagnosed_before": msgid("此前已确诊，不属筛查对象"),
    "died": msgid("已死亡，不再计入"),
    "examined": msgid("已体检且表单完整"),
    "form_incomplete": msgid("体检表单不完整"),
    "joined_lately": msgid("季末前不久纳入管理，下季度起派发"),
    "lost": msgid("失访，视为未达标"),
    "lost_to_follow_up": msgid("超过 12 个月未就诊"),
    "high_risk": msgid("测量值达到高危标准"),
    "managed": msgid("在管"),
    "management_ended": msgid("已终止管理"),
    "measured": msgid("有测量"),
    "measured_too_little": msgid("测量次数不足"),
    "missed_visit": msgid("近期未就诊"),
    "moved": msgid("已迁出，不再计入"),
    "no_contract": msgid("没有有效签约"),
    "no_measurement": msgid("统计期内没有随访测量值"),
    "no_record": msgid("没有健康档案"),
    "no_task": msgid("没有到期的随访任务"),
    "no_visit": msgid("统计期内没有面访"),
    "not_controlled": msgid("未达标"),
    "not_high_risk": msgid("测量值未达高危标准"),
    "not_looked_at": msgid("不在本指标的人群中"),
    "not_managed": msgid("统计期末尚未纳入管理"),
    "not_measured": msgid("没有测量"),
    "not_resident_yet": msgid("居住不满 6 个月"),
    "not_suspected": msgid("测量值未达疑似标准"),
    "quarter_missed": msgid("有季度缺少面访"),
    "record": msgid("已建档"),
    "record_unused": msgid("档案一年内没有服务记录"),
    "record_used": msgid("档案一年内有服务记录"),
    "registered_lately": msgid("登记不满 3 个月"),
    "suspected": msgid("测量值达到疑似标准"),
    "task_dispatched": msgid("已派发随访任务"),
    "tasks_done": msgid("到期任务均已完成"),
    "tasks_left": msgid("有到期任务未完成"),
    "too_few_visits": msgid("随访次数不足"),
    "too_young": msgid("年龄不在范围内"),
    "uncontrolled": msgid("未控制"),
    "under_care": msgid("在管"),
    "visited_each_quarter": msgid("每个季度均有面访"),
    "visited_no_bp": msgid("就诊但未测血压"),
    "visited_often_enough": msgid("随访次数足够"),
}
