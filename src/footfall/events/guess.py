"""Guesses which column of a file is which of ours, from its names and some of its values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import ITEM_SCHEMA, REQUIRED, ROW, USER_SCHEMA
from footfall.events.readers.raw_columns import folded, one_array, text_of
from footfall.events.vocabulary import EVENT_TYPES, event_type_of

__all__ = ["Guess", "guess_mapping"]

# What exports call our columns, likeliest first, folded to letters and digits.
_USERS = (
    "userid user uid customerid customer custid visitorid visitor memberid member buyerid "
    "shopperid accountid clientid householdid userpseudoid anonymousid email deviceid cookieid "
    "用户id 用户编号 用户标识 用户 会员id 会员编号 会员号 "
    "会员 买家id 买家 顾客id 顾客 客户id 客户编号 客户"
)
_ITEMS = (
    "itemid item productid product sku skuid articleid article goodsid stockcode asin productcode "
    "商品id 商品编号 商品编码 商品 物品id 产品id 产品编号 货号"
)
_PRICES = "price unitprice itemprice 价格 单价 商品价格"
_EVENT_WORDS: dict[str, str] = {
    "user_id": _USERS,
    "timestamp": (
        "timestamp eventtime eventtimestamp datetime time ts createdat occurredat orderdate "
        "purchasedate invoicedate transactiondate date eventdate orderedat 时间戳 时间 行为时间 "
        "事件时间 下单时间 订单时间 创建时间 购买时间 支付时间 付款时间 日期 行为日期"
    ),
    "event_type": (
        "eventtype event eventname behaviortype behaviourtype behavior behaviour action actiontype "
        "activity type 行为类型 行为 事件类型 事件名称 事件 操作类型 动作"
    ),
    "item_id": _ITEMS,
    "session_id": (
        "sessionid session usersession visitid visit orderid ordernumber orderno invoiceno "
        "basketid transactionid 会话id 会话 订单号 订单编号 订单id"
    ),
    "event_id": "eventid messageid 事件id 事件编号",
    "quantity": "quantity qty count units 数量 件数 购买数量",
    "price": _PRICES,
    "amount": (
        "amount total totalprice revenue salesvalue linetotal value "
        "金额 总价 总金额 支付金额 实付金额"
    ),
    "currency": "currency currencycode 币种 货币",
    "query": "query searchquery searchterm keyword keywords 搜索词 关键词 查询词",
    "text": "text review reviewtext comment reviewbody 评论 评价内容 评论内容",
    "rating": "rating stars score 评分 星级",
}
_ITEM_WORDS: dict[str, str] = {
    "item_id": f"{_ITEMS} id",
    "title": "title name itemname productname producttitle 标题 名称 商品名称 商品标题",
    "description": "description desc details 描述 商品描述 详情",
    "category": (
        "category categorypath categorycode categoryname department producttype 类目 分类 品类 类别"
    ),
    "brand": "brand brandname vendor manufacturer 品牌",
    "price": _PRICES,
    "image": "image imageurl imagesrc picture 图片 主图",
}
_USER_WORDS: dict[str, str] = {
    "user_id": f"{_USERS} id",
    "age": "age agegroup agerange 年龄 年龄段",
    "gender": "gender sex 性别",
    "region": "region country city state province 地区 省份 城市 国家",
}
_WORDS = {"events": _EVENT_WORDS, "items": _ITEM_WORDS, "users": _USER_WORDS}
_NEEDED = {"events": REQUIRED, "items": (ITEM_SCHEMA.names[0],), "users": (USER_SCHEMA.names[0],)}

_TIME = (
    r"^(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([ T]|$)"
    r"|\d{10}(\.\d+)?$|\d{13}$|\d{16}$|(19|20)\d{6}$)"
)
_NUMBER = r"^-?\d+([.,]\d+)?$"
_LOWEST = 0.35  # below this a guess is not made
_SURE = 0.8
_SAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class Guess:
    """What a file's columns seem to be.

    Parameters
    ----------
    mapping
        Our column for theirs.
    confidence
        By our column, 0 to 1: above 0.8 the name and the values both say so.
    lines
        What to show the user before asking whether this is right.
    """

    mapping: Mapping[str, str]
    confidence: Mapping[str, float]
    lines: tuple[str, ...]


def guess_mapping(
    column_names: Sequence[str], sample: pa.Table | None = None, *, kind: str = "events"
) -> Guess:
    """Guess which column is which, by names in English or Chinese and by values.

    Parameters
    ----------
    column_names
        The file's columns.
    sample
        Some of its rows. None judges by names alone, and less surely.
    kind
        "events", "items" or "users": whose columns to look for.

    Returns
    -------
    Guess

    Examples
    --------
    >>> guess = guess_mapping(["用户ID", "商品ID", "行为类型", "时间"])
    >>> guess.mapping["item_id"], guess.mapping["timestamp"]
    ('商品ID', '时间')
    """
    columns = [name for name in column_names if name != ROW]
    values = {name: _some(sample, name) for name in columns}
    scores = [
        (_score(ours, words.split(), theirs, values[theirs]), ours, theirs)
        for ours, words in _WORDS[kind].items()
        for theirs in columns
    ]
    mapping: dict[str, str] = {}
    confidence: dict[str, float] = {}
    # The surest pair first; each column of either side is used once.
    for score, ours, theirs in sorted(scores, key=lambda one: -one[0]):
        if score >= _LOWEST and ours not in mapping and theirs not in mapping.values():
            mapping[ours] = theirs
            confidence[ours] = round(score, 2)
    ordered = {ours: mapping[ours] for ours in _WORDS[kind] if ours in mapping}
    return Guess(ordered, confidence, _explained(ordered, confidence, columns, values, kind))


def _some(sample: pa.Table | None, name: str) -> pa.Array | None:
    """Give some values of a column as text, without empty ones; None when there are none."""
    if sample is None or name not in sample.column_names:
        return None
    array = one_array(sample.column(name).slice(0, _SAMPLE_ROWS))
    return None if pa.types.is_nested(array.type) else text_of(array).drop_null()


def _score(ours: str, words: Sequence[str], theirs: str, values: pa.Array | None) -> float:
    """Weigh how likely one column of the file is one of ours, 0 to 1."""
    name = _name_score(words, folded(theirs))
    if values is None:
        return 0.9 * name
    evidence = _value_score(ours, values)
    if name == 0.0:
        # Only times and event types show in their values what they are.
        return 0.5 * evidence if ours in {"timestamp", "event_type"} else 0.0
    return name * (0.3 + 0.7 * evidence)


def _name_score(words: Sequence[str], name: str) -> float:
    """Weigh a name: 1 for the first word, a little less for each later one, half for a part."""
    rivals = [word for word in words if word.isascii() == name.isascii()]
    if name in rivals:
        return 1.0 - 0.3 * rivals.index(name) / len(rivals)
    long_enough = [word for word in words if len(word) >= (4 if word.isascii() else 2)]
    return 0.5 if any(word in name for word in long_enough) else 0.0


def _value_score(ours: str, values: pa.Array) -> float:
    """Weigh what share of the values look like ours, 0 to 1."""
    if len(values) == 0:
        return 0.0
    check = _CHECKS.get(ours)
    return 1.0 if check is None else check(values)


def _share(values: pa.Array, pattern: str) -> float:
    return float(pc.mean(pc.match_substring_regex(values, pattern)).as_py())


def _known_types(values: pa.Array) -> float:
    """Weigh event types: few names, and how many of the rows have one we know."""
    counts = pc.value_counts(values).to_pylist()
    if len(counts) > 50:
        return 0.0
    known = sum(one["counts"] for one in counts if event_type_of(one["values"]) in EVENT_TYPES)
    return 0.5 + 0.5 * float(known) / len(values) if known else 0.0


def _ids(values: pa.Array) -> float:
    """Weigh ids: more than one, and neither times with a date in words nor fractions."""
    written_times = _share(values, r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}|^\d{1,2}[-/]\d{1,2}[-/]\d{4}")
    fractions = _share(values, r"^-?\d+\.\d*[1-9]$")
    return 1.0 - max(written_times, fractions)


_CHECKS: dict[str, Callable[[pa.Array], float]] = {
    "user_id": _ids,
    "item_id": _ids,
    "timestamp": lambda values: _share(values, _TIME),
    "event_type": _known_types,
    "quantity": lambda values: _share(values, r"^-?\d+(\.0+)?$"),
    "price": lambda values: _share(values, _NUMBER),
    "amount": lambda values: _share(values, _NUMBER),
    "rating": lambda values: _share(values, r"^\d{1,2}(\.\d+)?$"),
    "currency": lambda values: _share(values, r"^[A-Za-z]{3}$"),
}


def _explained(
    mapping: Mapping[str, str],
    confidence: Mapping[str, float],
    columns: Sequence[str],
    values: Mapping[str, pa.Array | None],
    kind: str,
) -> tuple[str, ...]:
    """Say each guess and why, what is missing and what is left over."""
    lines = [
        f"{ours} <- {theirs} ({_sureness(confidence[ours])}{_seen(values[theirs])})"
        for ours, theirs in mapping.items()
    ]
    lines += [
        f"{ours} <- ? (no column looks like it)" for ours in _NEEDED[kind] if ours not in mapping
    ]
    rest = [name for name in columns if name not in mapping.values()]
    if rest:
        lines.append(f"kept beside them: {', '.join(rest)}")
    return tuple(lines)


def _sureness(confidence: float) -> str:
    return "sure" if confidence >= _SURE else "likely" if confidence >= 0.6 else "a guess"


def _seen(values: pa.Array | None) -> str:
    """Describe the values that were looked at."""
    if values is None or len(values) == 0:
        return ""
    distinct = len(values.unique())
    return f"; e.g. {values[0].as_py()[:40]!r}, {distinct:,} different in {len(values):,} rows"
