"""The questions under every name people use: public name, home, command, Chinese names."""

from dataclasses import dataclass

__all__ = ["QUESTIONS", "Named"]


@dataclass(frozen=True)
class Named:
    """A question and its names.

    Parameters
    ----------
    name : str
        The public function.
    home : str
        Module it lives in, below ``footfall.analytics``.
    chinese : tuple of str
        The name of Chinese tools first, then others that people type.
    command : str or None
        The command of the same question; None: the name with dashes.
    """

    name: str
    home: str
    chinese: tuple[str, ...]
    command: str | None = None


QUESTIONS: tuple[Named, ...] = (
    Named("funnel", "funnel", ("漏斗分析", "漏斗", "转化分析", "转化漏斗")),
    Named("funnel_trend", "funnel", ("漏斗趋势", "转化趋势", "转化率趋势")),
    Named("compare_funnels", "funnel", ("漏斗对比", "转化对比")),
    Named("after_drop", "funnel", ("流失去向", "流失后路径")),
    Named("why_they_drop", "funnel", ("流失原因", "流失原因分析", "流失归因"), "why-drop"),
    Named("paths", "path", ("路径分析", "常见路径", "用户路径", "热门路径")),
    Named("path_tree", "path", ("路径树", "路径桑基图", "桑基图")),
    Named("transitions", "path", ("转移矩阵", "行为转移", "转移分析")),
    Named("step_matrix", "path", ("步骤矩阵", "逐步分布")),
    Named("loops", "path", ("循环路径", "绕圈路径")),
    Named("dead_ends", "path", ("离开节点", "死胡同", "流失节点")),
    Named("whole_paths", "path", ("完整路径", "整条路径")),
    Named("purchase_paths", "path", ("购买路径", "购买路径分析", "成交路径")),
    Named("contrast_paths", "path", ("路径对比", "差异路径")),
    Named("suggest_patterns", "path", ("路径归并建议", "网址归并建议")),
    Named("sessions", "sessions", ("Session 分析", "会话分析", "Session", "访问分析", "会话")),
    Named("session_times", "sessions.times", ("会话时长", "访问间隔", "会话间隔")),
    Named("engagement", "sessions.engagement", ("活跃时段", "时段分析", "参与度")),
    Named("entries_exits", "sessions.entries", ("入口与出口", "着陆页", "入口页", "退出页")),
    Named("retention", "cohort.retention", ("留存分析", "留存", "同期群", "同期群分析", "留存率")),
    Named("stickiness", "cohort.stickiness", ("粘性分析", "粘性", "用户粘性", "活跃度")),
    Named("lifecycle", "cohort.lifecycle", ("生命周期分析", "生命周期", "用户生命周期")),
    Named("survival", "cohort.survival", ("生存分析", "生存", "生存曲线")),
    Named("intervals", "cohort.intervals", ("间隔分析", "间隔", "时间间隔")),
    Named("distribution", "cohort.distribution", ("分布分析", "分布")),
    Named("series", "operations.series", ("事件分析", "事件", "趋势分析", "时间序列")),
    Named("promotion", "operations.promotion", ("促销分析", "活动效果", "大促复盘", "促销评估")),
    Named(
        "price_response",
        "operations.price_response",
        ("价格弹性", "价格敏感度", "价格分析"),
        "prices",
    ),
    Named("losing_pages", "operations.losing_pages", ("流失页面", "流失商品", "商品页流失")),
    Named("searches", "operations.searches", ("搜索分析", "站内搜索", "搜索词分析")),
    Named("compare", "compare", ("对比分析", "AB 测试", "A/B 测试", "实验分析", "AB 实验")),
    Named("rfm", "value", ("RFM 分析", "RFM", "RFM 模型", "RFM 分层")),
    Named("value_segments", "value", ("价值分层", "ABC 分析", "ABC 分层")),
    Named("pareto", "value", ("帕累托分析", "帕累托", "二八分析", "二八法则")),
    Named("lifetime_value", "value", ("LTV 分析", "LTV", "生命周期价值")),
    Named("order_value", "value", ("客单价分析", "客单价", "订单分析")),
    Named("repeats", "value", ("复购分析", "复购", "回购分析", "复购率")),
    Named("aipl", "value.aipl", ("AIPL 流转", "AIPL", "AIPL 分析", "人群资产", "AIPL 模型")),
    Named("basket_rules", "basket", ("关联规则", "购物篮分析", "购物篮", "连带分析")),
    Named("sequential_patterns", "basket", ("序列模式", "购买序列", "先后购买")),
    Named("complements", "basket", ("互补与替代", "互补替代", "替代品", "互补品")),
    Named("segments", "segment", ("用户分群", "分群", "分群概览", "人群概览")),
    Named("movement", "segment", ("分群流转", "人群流转", "分群迁移"), "segment-move"),
    Named(
        "cluster_segments",
        "segment.clusters",
        ("聚类分群", "聚类分析", "聚类", "智能分群"),
        "cluster",
    ),
    Named("profile", "profile", ("用户行为序列", "单用户画像", "用户画像", "行为序列", "个人画像")),
    Named("profiles", "profile", ("用户标签", "标签", "标签体系", "标签分布")),
    Named("portrait", "profile", ("群画像", "人群画像", "显著性分析", "显著性", "画像对比")),
    Named(
        "similar_users", "profile", ("相似人群", "人群放大", "相似用户", "相似度标签"), "similar"
    ),
    Named("attribution", "attribution", ("归因分析", "归因", "渠道归因")),
)
