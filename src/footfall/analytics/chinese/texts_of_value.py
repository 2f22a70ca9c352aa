"""Texts of retention and its kin, value, baskets."""

__all__ = ["TEXTS"]

TEXTS: dict[str, dict[str, str]] = {
    "Retention": {
        "Who comes back": "留存",
        "% of each cohort's users by period after the start": "各同期群用户在其后各期的留存率（%）",
        "% of each cohort's money by period after the start": "各同期群金额在其后各期的留存率（%）",
        "blank: not over yet": "空白：尚未结束",
        "period after the start": "其后第几期",
        "period {n}": "第 {n} 期",
        "{n} in period {n2}": "第 {n2} 期 {n}",
        "average of the cohorts for which a period is over": "已结束各期的同期群平均",
        "share that came back": "留存率",
        "average": "平均",
    },
    "Stickiness": {
        "How often users come": "用户多久来一次",
        "active users": "活跃用户",
        "share of users": "用户占比",
        "active days in a period": "周期内活跃天数",
        "{n} of users": "占用户 {n}",
        "on average {n} of a week's users and {n2} of a month's come on a given day": (
            "平均每天有当周用户的 {n}、当月用户的 {n2} 到访"
        ),
    },
    "Lifecycle": {
        "Who is new, who returns, who falls silent": "新增、回流与沉默",
        "users by period": "各周期用户",
        "below the line: active in the period before and not in this": "线下：上期活跃而本期未来",
        "new": "新增",
        "returning": "持续活跃",
        "resurrecting": "回流",
        "dormant": "沉默",
        "{n} {x}": "{x} {n}",
    },
    "Survival": {
        "median not reached": "未到中位数",
        "How long it takes users": "多久发生",
        "How long users stay": "用户留多久",
        "{n} of them did it": "其中 {n} 位发生",
        "{n} of them left": "其中 {n} 位流失",
        "median {n} {x}": "中位数 {n} {x}",
        "groups alike: p = {n} (log-rank)": "各组是否相同：P = {n}（对数秩检验）",
        "{x} since the start": "距起点{x}数",
        "share that did it": "累计发生率",
        "share still there": "留存率",
        "within {n}": "{n} 内",
        "users {n}, reached {n2}; median {n3} {x}": "用户 {n}，发生 {n2}；中位数 {n3} {x}",
        "users {n}, reached {n2}; median not reached": "用户 {n}，发生 {n2}；未到中位数",
        "log-rank test between the groups: chi-squared {n}, degrees {n2}, p-value {n3}": (
            "组间对数秩检验：卡方 {n}，自由度 {n2}，P 值 {n3}"
        ),
    },
    "Intervals": {
        "How long from one event to the next": "两个事件之间要多久",
        "time between the two": "间隔时长",
        "share of intervals": "间隔占比",
        "{n} intervals of {n2} users": "{n2} 位用户的 {n} 个间隔",
        "{n} intervals": "{n} 个间隔",
        "half within {n} {x}": "一半在 {n} {x}以内",
        "minutes": "分钟",
        "{d} - {d2}": "{d} - {d2}",
        "{d} +": "{d}以上",
    },
    "Distribution": {
        "How much each user does": "每位用户做了多少",
        "times of {x}": "{x}次数",
        "days of {x}": "{x}天数",
        "users of each period": "各周期用户",
        "sum of {m} of {x}": "{x}{m}合计",
        "average of {m} of {x}": "{x}{m}均值",
        "amount": "金额",
        "quantity": "件数",
    },
    "LifetimeValue": {
        "Lifetime value so far": "累计生命周期价值（LTV）",
        "value a user": "人均价值",
        "age {n}": "第 {n} 期",
        "{n} a user": "人均 {n}",
        "age in {x}": "账龄（{x}）",
        "revenue a user of the cohort until the end of each age, by first {x} (users)": (
            "同期群截至各期末的人均收入，按首{x}（用户数）"
        ),
        "revenue a user until the end of each age, of all cohorts that are so old": (
            "截至各期末的人均收入（满该账龄的同期群）"
        ),
    },
    "OrderValue": {
        "Order value": "客单价",
        "average order": "平均客单价",
        "median order": "客单价中位数",
        "{n} average order": "平均客单价 {n}",
        "{n} median order": "客单价中位数 {n}",
        "{n} on average": "平均 {n}",
        "bars: orders": "柱：订单数",
        "money an order": "每单金额",
        "share of orders": "订单占比",
    },
    "Pareto": {
        "How few bring how much": "头部贡献（帕累托）",
        "the best {n} bring {n2}": "前 {n} 贡献 {n2}",
        "if all were equal": "完全均等",
        "{n} of revenue from {n2}": "{n} 的收入来自 {n2}",
        "{n} members with a purchase": "{n} 个有购买的成员",
        "a member is one {x}": "成员为{x}",
        "Gini {n}": "基尼系数 {n}",
        "gini {n}": "基尼系数 {n}",
        "share of members, the best first": "成员占比（从高到低）",
        "share of revenue": "收入占比",
    },
    "ValueSegments": {
        "Who brings the revenue": "谁带来收入",
        "{n} members in tiers by revenue": "{n} 个成员按收入分层",
        "a member is one {x}": "成员为{x}",
        "{n} of members": "成员占比 {n}",
        "share of members": "成员占比",
        "share of revenue": "收入占比",
        "share": "占比",
        "A": "A",
        "B": "B",
        "C": "C",
    },
    "Repeats": {
        "How soon buyers order again": "多久复购",
        "{n} orders of {n2} buyers": "{n2} 位购买用户的 {n} 笔订单",
        "orders still open at the end of the log are counted as long as they were watched": (
            "日志结束时尚未复购的订单按已观察时长计"
        ),
        "within {n} days": "{n} 天内",
        "days since the order": "距下单天数",
        "share followed by another order": "复购率",
        "buyers {n}, of them with two orders or more {n2}; orders {n3}; lines bought before {n4}": (
            "购买用户 {n}，其中两单及以上 {n2}；订单 {n3}；曾购买过的明细 {n4}"
        ),
    },
    "Rfm": {
        "area": "面积",
        "color": "颜色",
        "Value segments of buyers": "RFM 客户分类",
        "{n} days since the last order": "最近购买距今 {n} 天",
        "{n} revenue a user": "人均收入 {n}",
        "revenue a user": "人均收入",
        "{n} users ({n2})": "{n} 位用户（{n2}）",
        "share of each group's buyers": "各组购买用户占比",
        "share of buyers": "购买用户占比",
    },
    "Aipl": {
        "Awareness, interest, purchase, loyalty": "AIPL 人群资产",
        "{n} users by their highest stage": "{n} 位用户，按最高阶段",
        "{x} to {y}": "{x}到{y}",
        "How users move between stages": "AIPL 流转",
        "from the earlier moment (left) to the later one": "左为期初，右为期末",
        "users in no stage at both moments are left out": "两个时点都无阶段的用户不计",
        "new": "新进",
        "lost": "流失",
    },
    "BasketRules": {
        "baskets {n}": "订单数 {n}",
        "What goes together": "商品关联规则",
        "lift": "提升度",
        "lift {n}": "提升度 {n}",
        "confidence {n}": "置信度 {n}",
        "{n} baskets of {n2} users": "{n2} 位用户的 {n} 笔订单",
        "{n} baskets": "{n} 笔订单",
        "lift with its {n} interval, and in how many baskets, of what share": (
            "提升度及其 {n} 区间、订单数与置信度"
        ),
        "1: chance": "1 为随机",
    },
    "SequentialPatterns": {
        "buyers {n}": "购买用户数 {n}",
        "and the median time between": "以及间隔中位数",
        "What is bought next": "接下来买什么",
        "share of the buyers of the first": "占先买者的比例",
        "{n} of buyers": "占购买用户 {n}",
        "lift {n}": "提升度 {n}",
        "{n} users the other way round": "反向 {n} 位用户",
        "after {n} days": "{n} 天后",
        "share of the buyers of the first who bought the second in a later order": (
            "先买者中后来又买另一件的比例"
        ),
    },
    "Complements": {
        "lift": "提升度",
        "Complements and substitutes": "互补与替代",
        "lift in orders": "同单提升度",
        "lift in sessions": "同看提升度",
        "lift {n}": "提升度 {n}",
        "{n} together in orders": "同单 {n} 次",
        "{n} together in sessions": "同看 {n} 次",
        "how often pairs come together over how often chance would bring them": (
            "成对出现的次数与随机预期之比"
        ),
        "1: chance": "1 为随机",
    },
}
