"""The words for everything that has a closed list of names: states, tiers, settings, flags, reasons, roles."""

from __future__ import annotations

from collections.abc import Mapping

from api.language import msgid
from devices.reading import Flag
from ingest.accounts import Role
from ingest.alerting.finding import SIGNS, Why
from ingest.alerting.finding import WORDS as WHY
from ingest.reason import Reason

TIERS: Mapping[int, str] = {1: msgid("危急"), 2: msgid("紧急"), 3: msgid("关注"), 4: msgid("跟踪")}
STATES: Mapping[str, str] = {
    "confirming": msgid("待复测"),
    "open": msgid("待处理"),
    "acknowledged": msgid("处理中"),
    "shelved": msgid("已搁置"),
    "closed": msgid("已关闭"),
}
OUTCOMES: Mapping[str, str] = {
    "advised": msgid("已联系并指导"),
    "treatment_changed": msgid("已调整用药"),
    "visited": msgid("已上门或就诊"),
    "referred": msgid("已转诊"),
    "false_alarm": msgid("误报，无需处理"),
    "other": msgid("其他"),
    "not_confirmed": msgid("复测未证实"),
    "resolved": msgid("测量恢复正常"),
    "stale": msgid("测量已过时"),
}
SETTINGS: Mapping[str, str] = {
    "home": msgid("家庭"),
    "kiosk": msgid("自测小屋"),
    "station": msgid("卫生站"),
    "school": msgid("学校"),
    "enterprise": msgid("企业"),
}
CLOCKS: Mapping[str, str] = {
    "exact": msgid("准确"),
    "corrected": msgid("已校正"),
    "assumed": msgid("未核对"),
    "unusable": msgid("不可用"),
}
MEALS: Mapping[str, str] = {
    "fasting": msgid("空腹"),
    "before_meal": msgid("餐前"),
    "after_meal": msgid("餐后"),
    "casual": msgid("随机"),
    "bedtime": msgid("睡前"),
}
CONDITIONS: Mapping[str, str] = {
    "hypertension": msgid("高血压"),
    "diabetes": msgid("糖尿病"),
    "heart_failure": msgid("心力衰竭"),
    "copd": msgid("慢阻肺"),
}
SEXES: Mapping[str, str] = {"female": msgid("女"), "male": msgid("男"), "unknown": msgid("性别未知")}
READING_KINDS: Mapping[str, str] = {
    "blood_pressure": msgid("血压"),
    "glucose": msgid("血糖"),
    "continuous_glucose": msgid("动态血糖"),
    "body": msgid("体重体成分"),
    "temperature": msgid("体温"),
    "oximetry": msgid("血氧"),
    "heart_rate": msgid("心率"),
    "lipids": msgid("血脂"),
    "ecg": msgid("心电图"),
    "symptoms": msgid("症状"),
}
KINDS: Mapping[str, str] = {  # those with a chart
    "blood_pressure": msgid("血压"),
    "glucose": msgid("血糖"),
    "oximetry": msgid("血氧"),
    "body": msgid("体重"),
    "temperature": msgid("体温"),
}
ROLES: Mapping[Role, str] = {
    Role.DOCTOR: msgid("家庭医生"),
    Role.STATION_LEAD: msgid("站长"),
    Role.CDC: msgid("疾控人员"),
    Role.TECHNICIAN: msgid("设备技术员"),
    Role.ADMIN: msgid("系统管理员"),
}
FLAGS: Mapping[Flag, str] = {
    Flag.BODY_MOVEMENT: msgid("测量时有移动"),
    Flag.CUFF_LOOSE: msgid("袖带过松"),
    Flag.IRREGULAR_PULSE: msgid("脉搏不规则"),
    Flag.PULSE_ABOVE_RANGE: msgid("脉率超出上限"),
    Flag.PULSE_BELOW_RANGE: msgid("脉率低于下限"),
    Flag.IMPROPER_POSITION: msgid("测量姿势不当"),
    Flag.BATTERY_LOW: msgid("电量低"),
    Flag.SENSOR_MALFUNCTION: msgid("传感器故障"),
    Flag.SAMPLE_INSUFFICIENT: msgid("血样不足"),
    Flag.STRIP_INSERTION_ERROR: msgid("试纸插入错误"),
    Flag.STRIP_TYPE_ERROR: msgid("试纸型号错误"),
    Flag.ABOVE_RANGE: msgid("高于可测范围（HI）"),
    Flag.BELOW_RANGE: msgid("低于可测范围（LO）"),
    Flag.STRIP_TOO_HOT: msgid("试纸温度过高"),
    Flag.STRIP_TOO_COLD: msgid("试纸温度过低"),
    Flag.READ_INTERRUPTED: msgid("测量中断"),
    Flag.GENERAL_FAULT: msgid("设备故障"),
    Flag.TIME_FAULT: msgid("设备时钟故障"),
    Flag.CONTROL_SOLUTION: msgid("质控液"),
    Flag.NO_SENSOR_CONTACT: msgid("传感器未接触"),
    Flag.POOR_SIGNAL: msgid("信号差"),
    Flag.MANUAL_ENTRY: msgid("手工录入"),
    Flag.POSSIBLE_AF: msgid("可能为心房颤动，需医生判读"),
}
WAYS: Mapping[str, str] = {
    "in_page": msgid("页面提醒"),
    "app": msgid("工作群或应用消息"),
    "mail": msgid("邮件"),
    "sms": msgid("短信"),
    "voice": msgid("电话"),
}
SENDS: Mapping[str, str] = {
    "waiting": msgid("等待发送"),
    "claimed": msgid("正在发送"),
    "sent": msgid("已发出"),
    "failed": msgid("发送失败"),
    "cancelled": msgid("已不需要"),
}
HELD: Mapping[str, str] = {"quarantined": msgid("隔离"), "rejected": msgid("拒收")}
REASONS: Mapping[Reason, str] = {
    Reason.MALFORMED: msgid("报文无法解析"),
    Reason.UNKNOWN_VERSION: msgid("报文版本未知"),
    Reason.UNDECODABLE: msgid("字节无法解码"),
    Reason.NOT_A_NUMBER: msgid("设备报告测量失败"),
    Reason.NOT_READABLE: msgid("心电图无法判读，请重新记录"),
    Reason.PLACEHOLDER: msgid("设备占位数据"),
    Reason.CONTROL_SOLUTION: msgid("质控液测量"),
    Reason.IMPLAUSIBLE: msgid("数值不合理"),
    Reason.UNKNOWN_UNIT: msgid("单位未知"),
    Reason.UNKNOWN_METRIC: msgid("测量项目未知"),
    Reason.UNKNOWN_DEVICE: msgid("设备未登记"),
    Reason.UNASSIGNED: msgid("设备当时无人使用"),
    Reason.UNKNOWN_SLOT: msgid("设备用户位未登记"),
    Reason.UNKNOWN_PERSON: msgid("人员未登记"),
    Reason.OTHER_PERSON: msgid("与设备使用者不符"),
    Reason.CLOCK_UNUSABLE: msgid("时间不可用"),
    Reason.IN_FUTURE: msgid("时间在将来"),
    Reason.TOO_OLD: msgid("时间过早"),
    Reason.REFUSED: msgid("数据库拒绝写入"),
}


def why(code: str, language: str) -> str:
    """Why an episode changed, in words; a code from a later version is shown as it is."""
    return WHY[Why(code)][language] if code in list(Why) else code


def sign(boundary: str) -> str:
    """A boundary as it is printed: ≥ for >=."""
    return SIGNS[boundary]


def flag(name: str) -> str:
    """The marked word for a flag by its name in lower case, as findings carry it."""
    return FLAGS[Flag[name.upper()]]


def flag_names(bits: int) -> list[str]:
    """The names of the flags that are set, in lower case."""
    return [str(each.name).lower() for each in FLAGS if bits & each]


def flags(bits: int) -> list[str]:
    """The marked words for the flags that are set, in the order of the bits."""
    return [word for each, word in FLAGS.items() if bits & each]
