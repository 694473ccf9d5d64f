"""The words of follow-ups: modes, results, reasons, and what can be wrong with an entry. Marked for the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from api.language import msgid

MODES: Mapping[str, str] = {"clinic": msgid("门诊"), "home": msgid("家庭"), "phone": msgid("电话")}
CLASSIFICATIONS: Mapping[str, str] = {
    "controlled": msgid("控制满意"),
    "uncontrolled": msgid("控制不满意"),
    "adverse_reaction": msgid("不良反应"),
    "complication": msgid("并发症"),
}
PROGRAMMES: Mapping[str, str] = {
    "hypertension": msgid("高血压"),
    "diabetes": msgid("2型糖尿病"),
    "elderly": msgid("老年人体检"),
    "high_risk": msgid("高血压高危"),
    "package": msgid("签约服务包"),
}
REASONS: Mapping[str, str] = {
    "quarterly": msgid("每季度面访"),
    "half_yearly": msgid("每半年随访"),
    "yearly": msgid("年度体检"),
    "unsatisfactory": msgid("首次不满意，2周内随访"),
    "referred": msgid("连续不满意，转诊后2周内随访"),
    "emergency": msgid("危急情况，2周内随访"),
    "package:remote_measurement": msgid("本月远程测量"),
    "package:medication_guidance": msgid("本季度用药指导"),
    "package:complication_screening": msgid("年度并发症筛查"),
    "package:health_assessment": msgid("年度健康体检（签约）"),
}
WHENS: Mapping[str, str] = {
    "overdue": msgid("已逾期"),
    "today": msgid("今天"),
    "week": msgid("7天内"),
    "later": msgid("以后"),
}
POINTS: Mapping[str, str] = {
    "reasons": msgid("随访原因"),
    "open_alert": msgid("有未关闭的预警"),
    "last_uncontrolled": msgid("上次控制不满意"),
    "lives_alone": msgid("独居"),
    "aged_80": msgid("80岁及以上"),
    "week_overdue": msgid("已逾期的周数"),
}
PROBLEMS: Mapping[str, str] = {
    "missing": msgid("请填写，或勾选“保存为不完整的记录”"),
    "not_a_number": msgid("请填写数字"),
    "out_of_range": msgid("数值应在 %(low)s 到 %(high)s 之间"),
    "unknown_choice": msgid("请从列表中选择"),
    "alone": msgid("选“无症状”时不能再选其他症状"),
    "not_a_date": msgid("请填写日期"),
    "too_long": msgid("最多 %(most)s 个字"),
    "medication_without_name": msgid("请填写药物名称"),
    "in_future": msgid("时间不能在将来"),
    "too_early": msgid("时间过早"),
    "not_a_time": msgid("请填写随访日期和时间"),
    "no_mode": msgid("请选择随访方式"),
    "why_missing": msgid("与系统计算不同时请写明理由"),
    "before_visit": msgid("下次随访日期应在本次随访之后"),
    "cause_missing": msgid("请填写死亡原因"),
    "both_ends": msgid("死亡和迁出只能填一项"),
    "pressure_crossed": msgid("舒张压应低于收缩压"),
    "reason_missing": msgid("请写明更正的理由"),
}
