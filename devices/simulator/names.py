"""Names of people and places that exist nowhere: frequent surnames, given names put together by chance."""

from __future__ import annotations

from random import Random

COUNTY = "示例县"  # "sample county": nobody can take it for a real one
COUNTY_CODE = "990101"  # GB/T 2260 gives no province the number 99
TOWNSHIPS = (("云溪镇", "101"), ("青禾镇", "102"), ("松岭乡", "201"))
VILLAGES = ("柳塘", "石桥", "南湾", "杏林", "白鹭", "东坡", "梨园", "清泉", "麦岗", "竹溪", "枫树", "月亮湾")

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余"
_FEMALE = "秀兰英梅芳玉桂珍凤霞淑红丽琴云莲菊香春华爱月翠巧慧敏静雪萍素"
_MALE = "建国军明强志文德永福林平海山东伟庆华忠良生贵金根松柏荣成宝安"


def person(random: Random, sex: str) -> str:
    """A full name in Chinese order. Earlier surnames are drawn more often, as in the census."""
    surname = _SURNAMES[min(int(random.expovariate(0.07)), len(_SURNAMES) - 1)]
    first, second = random.sample(_FEMALE if sex == "female" else _MALE, 2)
    return surname + first + (second if random.random() < 0.8 else "")
