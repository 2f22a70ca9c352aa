"""Kinds of tags and their fixed values, in English and Chinese."""

__all__ = ["KINDS", "VALUES"]

# Kind of tag -> its Chinese name.
KINDS: dict[str, str] = {
    "life_stage": "生命周期",
    "value": "价值",
    "recency": "最近一次访问",
    "tempo": "购买频率",
    "regularity": "购买规律",
    "category": "偏好品类",
    "brand": "偏好品牌",
    "price_level": "价位偏好",
    "discount": "折扣敏感",
    "channel": "来源渠道",
    "device": "设备",
    "hours": "活跃时段",
    "week": "活跃日",
}
# (kind, value) -> its Chinese name; categories, brands, channels and devices are the shop's words.
VALUES: dict[tuple[str, str], str] = {
    ("life_stage", "new"): "新用户",
    ("life_stage", "active"): "活跃",
    ("life_stage", "slipping"): "下滑",
    ("life_stage", "dormant"): "沉睡",
    ("life_stage", "lost"): "流失",
    ("value", "high"): "高价值",
    ("value", "middle"): "中价值",
    ("value", "low"): "低价值",
    ("value", "no purchase"): "未购买",
    ("recency", "within 7 days"): "7 天内",
    ("recency", "within 30 days"): "30 天内",
    ("recency", "within 90 days"): "90 天内",
    ("recency", "longer ago"): "90 天以上",
    ("tempo", "weekly"): "每周购买",
    ("tempo", "monthly"): "每月购买",
    ("tempo", "quarterly"): "每季购买",
    ("tempo", "rarely"): "很少购买",
    ("regularity", "regular"): "规律购买",
    ("price_level", "low"): "偏低价",
    ("price_level", "middle"): "中等价位",
    ("price_level", "high"): "偏高价",
    ("discount", "seeks discounts"): "偏爱折扣",
    ("discount", "pays full price"): "不靠折扣",
    ("hours", "night"): "深夜",
    ("hours", "morning"): "上午",
    ("hours", "afternoon"): "下午",
    ("hours", "evening"): "晚上",
    ("week", "weekend"): "周末",
    ("week", "weekdays"): "工作日",
}
