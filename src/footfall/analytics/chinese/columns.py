"""Chinese names of columns: what all answers call the same, and what one answer means by a word."""

from collections.abc import Mapping

from footfall.analytics.chinese import columns_of_paths, columns_of_users, columns_of_value

__all__ = ["COLUMNS", "OWN_COLUMNS"]

# Column -> its Chinese name, in whatever answer it stands.
COLUMNS: dict[str, str] = {
    # Who and what is counted.
    "group": "分组",
    "user_id": "用户",
    "users": "用户数",
    "sessions": "会话数",
    "events": "事件数",
    "units": "数量",
    "buyers": "购买用户数",
    "orders": "订单数",
    "members": "成员数",
    "visits": "访问次数",
    "occurrences": "次数",
    "pairs": "间隔数",
    "baskets": "订单数",
    "purchases": "购买次数",
    "total": "总量",
    "value": "值",
    "values": "取值数",
    "timestamp": "时间",
    "event_type": "事件",
    "item_id": "商品",
    "quantity": "件数",
    "channel": "渠道",
    "category": "类目",
    "name": "名称",
    "kind": "类型",
    "measure": "指标",
    "segment": "分群",
    "rank": "排名",
    "score": "得分",
    # Shares and how sure they are.
    "share": "占比",
    "users_share": "用户占比",
    "members_share": "成员占比",
    "orders_share": "订单占比",
    "revenue_share": "收入占比",
    "rate": "转化率",
    "rate_low": "转化率下限",
    "rate_high": "转化率上限",
    "support": "支持度",
    "confidence": "置信度",
    "confidence_low": "置信度下限",
    "confidence_high": "置信度上限",
    "lift": "提升度",
    "lift_low": "提升度下限",
    "lift_high": "提升度上限",
    "low": "下限",
    "high": "上限",
    "ratio": "倍数",
    "ratio_low": "倍数下限",
    "ratio_high": "倍数上限",
    "difference": "差异",
    "difference_low": "差异下限",
    "difference_high": "差异上限",
    "p_value": "P 值",
    "p_adjusted": "校正 P 值",
    "p_corrected": "校正 P 值",
    "adjusted_p_value": "校正 P 值",
    "mean": "均值",
    "median": "中位数",
    "p10": "P10",
    "p25": "P25",
    "p75": "P75",
    "p90": "P90",
    "median_minutes": "中位时长（分钟）",
    "median_days": "中位间隔（天）",
    # Time.
    "period": "周期",
    "day": "日期",
    "days": "天数",
    "weekday": "星期",
    "hour": "小时",
    "time": "时间",
    "complete": "周期完整",
    "cohort": "同期群",
    # Paths and steps.
    "step": "步骤",
    "path": "路径",
    "node": "节点",
    "length": "步数",
    "depth": "层级",
    # Money.
    "revenue_minor": "收入（分）",
}

# Answer -> what a column is called there, where that differs or where nobody else has it.
OWN_COLUMNS: Mapping[str, Mapping[str, str]] = (
    columns_of_paths.COLUMNS | columns_of_value.COLUMNS | columns_of_users.COLUMNS
)
