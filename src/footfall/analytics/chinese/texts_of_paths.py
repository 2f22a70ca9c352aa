"""Texts of funnels, paths and sessions."""

__all__ = ["TEXTS"]

_FUNNEL = {
    "From {x} to {goal}": "从{x}到{goal}",
    "Steps in any order": "不分先后的步骤",
    "lost": "流失",
    "{n} of {unit} within {d}": "{d}内转化率 {n}（按{unit}）",
    "directly one after the other": "步骤紧邻",
    "all about the same item": "同一商品",
    "by {x} of the user": "按用户的{x}分组",
    "by {x} of the chain's first event": "按首个事件的{x}分组",
    "{n} users lost here": "{n} 位用户在此流失",
    "{n} sessions lost here": "{n} 次会话在此流失",
    "{n} lost here": "{n} 在此流失",
    "any {n} of {n2}": "{n2} 步中任意 {n} 步",
    "all {n}": "全部 {n} 步",
    "How long it takes to {x}": "到{x}要多久",
    "from the first event of the chain": "从首个事件起",
}
TEXTS: dict[str, dict[str, str]] = {
    "Funnel": _FUNNEL,
    "AfterDrop": {
        "What they did instead of {x}": "没有{x}，去做了什么",
        "{n} users that reached {x} and not {goal}": "{n} 位用户到了{x}而未{goal}",
        "{n} of them came too late": "其中 {n} 位来得太晚",
        "{n} users reached {x} and not {goal}; {n2} of them did {again} after all, too late.": (
            "{n} 位用户到了{x}而未{goal}；其中 {n2} 位后来{again}了，但超出时间窗口。"
        ),
        "next event:": "下一事件：",
        "next event by group:": "各组下一事件：",
        "how they came:": "来时路径：",
        "where they went:": "离开后路径：",
    },
    "DropReasons": {
        "users.{x}": "{x}",
        "items.{x}": "{x}",
        "properties.{x}": "{x}",
        "{n} of {n2} users are lost ({n3})": "{n2} 位用户中流失 {n}（{n3}）",
        "{n} of {n2} users are lost between {x} and {goal}.": (
            "{n2} 位用户中 {n} 位在{x}到{goal}之间流失。"
        ),
        "Why they drop between {x} and {goal}": "从{x}到{goal}为何流失",
        "odds of dropping, times those of the others (interval; logarithmic)": (
            "流失优势比（与其他人相比，含区间；对数刻度）"
        ),
        "nothing separates them": "没有可区分的因素",
        "{n} lost": "流失率 {n}",
        "others {n}": "其他人 {n}",
        "{x} happened": "发生过{x}",
        "above {n} to {n2}": "{n} 以上至 {n2}",
        "above {n}": "{n} 以上",
        "up to {n}": "{n} 及以下",
    },
    "FunnelComparison": {
        "From {x} to {goal}, side by side": "从{x}到{goal}：对比",
        "share of the first step": "占首步的比例",
        "share of the first step with its interval": "占首步的比例及区间",
        "★ differs from {x} (corrected p below {n})": "★ 与{x}有显著差异（校正 P 值小于 {n}）",
    },
    "FunnelTrend": {
        "share of the first step": "占首步的比例",
        "From {x} to {goal}, over time": "从{x}到{goal}：趋势",
        "share of users within {d}": "{d}内转化率（按用户）",
        "by the time of the first step": "按首步时间",
        "hollow: the window is not over yet": "空心：窗口尚未结束",
        "{n} ({n2} of {n3})": "{n}（{n3} 中的 {n2}）",
    },
    "Paths": {
        "ends here": "到此结束",
        "Most common paths": "常见路径",
        "runs of {n} consecutive events of one session": "一次会话内连续 {n} 个事件",
        "runs of {n} consecutive events of one user": "一位用户连续 {n} 个事件",
        "the {n} most common, {n2} of {n3} ({n4})": "最常见的 {n} 条，{n2}/{n3}（{n4}）",
        "goes on": "继续",
    },
    "PathTree": {
        "> {x}": "> {x}",
        "< {x}": "< {x}",
        "What comes next": "接下来去哪",
        "What led there": "从哪里来",
        "{n} walks from the first {x} of each session on": "从每次会话首个{x}起的 {n} 条路径",
        "{n} walks back from the first {x} of each session": "回溯每次会话首个{x}的 {n} 条路径",
        "ends here": "到此结束",
        "begins here": "由此开始",
    },
    "Transitions": {
        "Which event follows which": "事件转移矩阵",
        "share of what leaves the source": "占来源流出的比例",
        "neighboring events of one session, with its start and end": (
            "同一会话的相邻事件（含开始与结束）"
        ),
        "neighboring events of one user, with its start and end": (
            "同一用户的相邻事件（含开始与结束）"
        ),
        "next event": "下一事件",
        "event": "事件",
    },
    "StepMatrix": {
        "Where visits stand, step by step": "逐步分布",
        "share of {n} sessions": "{n} 次会话中的占比",
        "share of {n} sessions with {x}": "{n} 次有{x}的会话中的占比",
        "step {n}": "第 {n} 步",
        "step": "步骤",
    },
    "Loops": {
        "Where shoppers go in circles": "绕圈路径",
        "runs of consecutive events that end where they began": "回到起点的连续事件",
        "occurrences": "次数",
        "{n} by {n2} users": "{n} 次，{n2} 位用户",
    },
    "DeadEnds": {
        "Where visits end without a purchase": "未购买的访问在哪里结束",
        "a dead end is the last event of a session without {x}": (
            "未购离开：没有{x}的会话的最后一个事件"
        ),
        "a dead end is the last event of a user without {x}": (
            "未购离开：没有{x}的用户的最后一个事件"
        ),
        "dead ends": "未购离开次数",
        "{n} of visits": "占访问 {n}",
    },
    "WholePaths": {
        "Most common whole paths": "常见完整路径",
        "{n} of {n2} different ones": "{n2} 种中的 {n} 种",
        "{n} of {n2}": "占 {n2} 的 {n}",
    },
    "PurchasePaths": {
        "Ways into a purchase": "购买路径",
        "{n} touches": "{n} 个触点",
        "{n} days from the first touch": "距首次触点 {n} 天",
    },
    "ContrastPaths": {
        "first": "甲组",
        "second": "乙组",
        "Sequences that tell two groups apart": "两组差异路径",
        "times as common (interval)": "倍数（含区间）",
        "{x} ({n}) against {y} ({n2})": "{x}（{n}）对比{y}（{n2}）",
        "right of the line: more common in the first": "竖线右侧：甲组更常见",
        "with {x}": "有{x}",
        "without {x}": "无{x}",
        "{n} against {n2}": "{n} 对比 {n2}",
        "{n} times": "{n} 倍",
    },
    "Sessions": {
        "When sessions start": "会话开始时间",
        "{n} bounce": "跳出率 {n}",
        "no events in the log": "日志中没有事件",
        "When {n} sessions start": "{n} 次会话的开始时间",
        "median {n} events and {n2} minutes": "中位数 {n} 个事件、{n2} 分钟",
        "{n} of one event": "单事件会话 {n}",
        "{n} with a purchase": "含购买 {n}",
        "hour of the day ({x})": "小时（{x}）",
        "{n} sessions start": "开始 {n} 次会话",
        "UTC": "UTC",
    },
    "Engagement": {
        "When events happen": "事件发生时段",
        "When shoppers are here": "用户活跃时段",
        "When sessions start": "会话开始时段",
        "When shoppers buy": "购买时段",
        "users a cell": "每格用户数",
        "{n} purchases": "{n} 次购买",
        "purchases": "购买次数",
        "hour of the day ({x})": "小时（{x}）",
        "UTC": "UTC",
    },
    "SessionTimes": {
        "How long shoppers stay away": "两次会话间隔",
        "nobody came twice": "无人再次到访",
        "median {n} hours": "中位数 {n} 小时",
        "time to the next session": "距下次会话",
        "times": "次数",
        "{n} times by {n2} users": "{n2} 位用户 {n} 次",
    },
    "EntriesExits": {
        "Where sessions begin and end": "会话的入口与出口",
        "exits": "出口",
        "entries": "入口",
        "{n} ({n2} convert)": "{n}（转化 {n2}）",
        "exits | entries": "出口 | 入口",
        "sessions with {x} convert": "有{x}的会话为转化",
    },
}
