"""The words of the simulated shop, English and Chinese: categories, brands, queries and reviews."""

from typing import NamedTuple

__all__ = [
    "ADJECTIVES",
    "BRANDS",
    "CATEGORIES",
    "DEPARTMENTS",
    "LANGUAGES",
    "NO_RESULT_QUERIES",
    "REGIONS",
    "REVIEW_VARIANTS",
    "Category",
    "query_words",
    "review_words",
]

LANGUAGES = ("zh", "en")


class Category(NamedTuple):
    """A leaf of the category tree.

    Parameters
    ----------
    department, name : str
        The path is ``department/name``.
    noun, noun_zh : str
        What one item of it is called.
    price : float
        The typical price, in major units.
    restock_days : int
        Days until a buyer needs it again; 0: it is not used up.
    accessory : str
        The category that shoppers look at next.
    """

    department: str
    name: str
    noun: str
    noun_zh: str
    price: float
    restock_days: int
    accessory: str


DEPARTMENTS: dict[str, str] = {
    "kitchen": "厨房",
    "food": "食品",
    "electronics": "数码",
    "beauty": "美妆",
    "fashion": "服饰",
    "sports": "运动",
    "baby": "母婴",
    "pets": "宠物",
}

CATEGORIES: tuple[Category, ...] = (
    Category("kitchen", "kettles", "kettle", "电水壶", 39, 0, "tea"),
    Category("kitchen", "coffee-machines", "coffee machine", "咖啡机", 149, 0, "coffee"),
    Category("kitchen", "pans", "frying pan", "平底锅", 35, 0, "knives"),
    Category("kitchen", "knives", "chef knife", "菜刀", 29, 0, "boards"),
    Category("kitchen", "boards", "cutting board", "砧板", 18, 0, "pans"),
    Category("food", "tea", "green tea", "绿茶", 15, 30, "snacks"),
    Category("food", "coffee", "coffee beans", "咖啡豆", 17, 25, "snacks"),
    Category("food", "snacks", "nut snack", "坚果零食", 9, 14, "tea"),
    Category("food", "rice", "jasmine rice", "香米", 14, 40, "noodles"),
    Category("food", "noodles", "noodles", "面条", 7, 20, "rice"),
    Category("electronics", "phones", "phone", "手机", 499, 0, "phone-cases"),
    Category("electronics", "phone-cases", "phone case", "手机壳", 16, 0, "headphones"),
    Category("electronics", "headphones", "headphones", "耳机", 79, 0, "phone-cases"),
    Category("electronics", "laptops", "laptop", "笔记本电脑", 899, 0, "laptop-bags"),
    Category("electronics", "laptop-bags", "laptop bag", "电脑包", 45, 0, "headphones"),
    Category("beauty", "face-creams", "face cream", "面霜", 32, 45, "masks"),
    Category("beauty", "masks", "face mask", "面膜", 12, 20, "face-creams"),
    Category("beauty", "lipsticks", "lipstick", "口红", 22, 0, "makeup-removers"),
    Category("beauty", "makeup-removers", "makeup remover", "卸妆水", 14, 40, "masks"),
    Category("beauty", "shampoos", "shampoo", "洗发水", 11, 35, "face-creams"),
    Category("fashion", "dresses", "dress", "连衣裙", 55, 0, "handbags"),
    Category("fashion", "shirts", "shirt", "衬衫", 35, 0, "trousers"),
    Category("fashion", "trousers", "trousers", "长裤", 45, 0, "sneakers"),
    Category("fashion", "sneakers", "sneakers", "运动鞋", 75, 0, "shirts"),
    Category("fashion", "handbags", "handbag", "手提包", 85, 0, "lipsticks"),
    Category("sports", "yoga-mats", "yoga mat", "瑜伽垫", 25, 0, "water-bottles"),
    Category("sports", "dumbbells", "dumbbell", "哑铃", 39, 0, "yoga-mats"),
    Category("sports", "tents", "tent", "帐篷", 129, 0, "sleeping-bags"),
    Category("sports", "sleeping-bags", "sleeping bag", "睡袋", 59, 0, "water-bottles"),
    Category("sports", "water-bottles", "water bottle", "水壶", 16, 0, "sneakers"),
    Category("baby", "diapers", "diapers", "纸尿裤", 24, 15, "wipes"),
    Category("baby", "wipes", "baby wipes", "婴儿湿巾", 8, 15, "diapers"),
    Category("baby", "strollers", "stroller", "婴儿车", 189, 0, "diapers"),
    Category("baby", "blocks", "toy blocks", "积木", 29, 0, "picture-books"),
    Category("baby", "picture-books", "picture book", "绘本", 12, 0, "blocks"),
    Category("pets", "cat-food", "cat food", "猫粮", 22, 25, "cat-litter"),
    Category("pets", "cat-litter", "cat litter", "猫砂", 13, 25, "cat-food"),
    Category("pets", "dog-food", "dog food", "狗粮", 26, 25, "dog-leashes"),
    Category("pets", "dog-leashes", "dog leash", "牵引绳", 15, 0, "dog-food"),
    Category("pets", "pet-beds", "pet bed", "宠物窝", 35, 0, "cat-food"),
)

# Five brands a department, in the order of DEPARTMENTS: (English, Chinese).
BRANDS: tuple[tuple[str, str], ...] = (
    ("Luyao", "炉谣"), ("Kestrel", "凯斯特"), ("Fanwu", "饭物"),
    ("Brightpan", "亮锅"), ("Oakhearth", "橡炉"),
    ("Shanye", "山野"), ("Goldleaf", "金叶"), ("Tianfan", "甜饭"),
    ("Millbrook", "磨坊溪"), ("Xianwei", "鲜味"),
    ("Nuoxing", "诺星"), ("Voltara", "沃塔拉"), ("Yunsheng", "云声"),
    ("Pixelon", "皮克森"), ("Lanyu", "蓝屿"),
    ("Qingyan", "清颜"), ("Rosette", "罗赛特"), ("Shuiling", "水灵"),
    ("Belvane", "贝梵"), ("Meiyun", "美云"),
    ("Suyi", "素衣"), ("Harbor", "海港"), ("Fengche", "风车"),
    ("Maplewood", "枫木"), ("Yijian", "衣间"),
    ("Tiaoyue", "跳跃"), ("Summitline", "峰线"), ("Liliang", "力量"),
    ("Trailfox", "径狐"), ("Yeying", "野营"),
    ("Baobei", "宝贝"), ("Littlenest", "小巢"), ("Tongqu", "童趣"),
    ("Softcloud", "软云"), ("Yaya", "芽芽"),
    ("Maomi", "猫咪"), ("Pawfield", "爪田"), ("Wangwang", "汪汪"),
    ("Tailwag", "摇尾"), ("Chongai", "宠爱"),
)  # fmt: skip

ADJECTIVES: tuple[tuple[str, str], ...] = (
    ("cheap", "便宜"),
    ("premium", "高档"),
    ("small", "小号"),
    ("light", "轻便"),
    ("classic", "经典"),
    ("new", "新款"),
)

# Searches that find nothing: misspelt, or not sold here.
NO_RESULT_QUERIES: dict[str, tuple[str, ...]] = {
    "zh": (
        "电水糊", "咖非机", "游戏主机", "机票", "瑜珈点",
        "猫良", "电动牙刷头", "汽车轮胎", "充电宝20000", "二手手机",
    ),
    "en": (
        "ketle", "cofee mashine", "game console", "gift card", "yoga matt xxl",
        "cat fod", "toothbrush heads", "winter tires", "power bank", "used phone",
    ),
}  # fmt: skip

REGIONS: dict[str, tuple[str, ...]] = {
    "zh": ("广东", "浙江", "江苏", "山东", "四川", "北京", "上海", "湖北"),
    "en": ("north", "south", "east", "west", "capital", "islands", "lakes", "coast"),
}

_PRAISE = {
    "en": (
        "The quality is excellent.",
        "Delivery was fast.",
        "Great value for the price.",
        "It came well packed.",
        "The size is just right.",
        "Customer service was kind and helpful.",
    ),
    "zh": (
        "质量非常好。",
        "物流很快。",
        "性价比很高。",
        "包装很用心。",
        "大小正合适。",
        "客服态度很好。",
    ),
}
_BLAME = {
    "en": (
        "The quality is poor.",
        "Delivery took far too long.",
        "It is not worth the price.",
        "The box arrived damaged.",
        "The size is wrong.",
        "Customer service never answered.",
    ),
    "zh": (
        "质量太差。",
        "物流太慢。",
        "不值这个价。",
        "包装破损。",
        "尺寸不对。",
        "客服一直不回复。",
    ),
}
_OPENING = {
    "en": (
        ("Terrible {}, it broke at once.", "Do not buy this {}."),
        ("Disappointed with this {}.", "This {} is below what I expected."),
        ("The {} is okay, nothing special.", "An average {}."),
        ("A good {}.", "I am happy with the {}."),
        ("I love this {}!", "The best {} I have had."),
    ),
    "zh": (
        ("这款{}太糟糕了，一用就坏。", "千万别买这款{}。"),
        ("对这款{}很失望。", "{}不如预期。"),
        ("{}一般般。", "普通的{}，没什么特别。"),
        ("不错的{}。", "对{}挺满意。"),
        ("太喜欢这款{}了！", "用过最好的{}。"),
    ),
}
REVIEW_VARIANTS = 2 * len(_PRAISE["en"])


def query_words(language: str, category: int) -> list[str]:
    """List what shoppers type when they look for a category, the plain noun first.

    Parameters
    ----------
    language : {"zh", "en"}
        The language of the query.
    category : int
        Position in `CATEGORIES`.

    Returns
    -------
    list of str
        The noun, then a query for each of `ADJECTIVES`, then one for each brand of the department.

    Examples
    --------
    >>> query_words("en", 0)[:3], query_words("zh", 0)[-1]
    (['kettle', 'cheap kettle', 'premium kettle'], '橡炉 电水壶')
    """
    leaf = CATEGORIES[category]
    zh = language == "zh"
    noun = leaf.noun_zh if zh else leaf.noun
    first = list(DEPARTMENTS).index(leaf.department) * 5
    adjectives = [f"{pair[1]}{noun}" if zh else f"{pair[0]} {noun}" for pair in ADJECTIVES]
    brands = [f"{pair[1] if zh else pair[0]} {noun}" for pair in BRANDS[first : first + 5]]
    return [noun, *adjectives, *brands]


def review_words(language: str, category: int, rating: int) -> list[str]:
    """List the review texts for a rating; what they say agrees with the stars.

    Parameters
    ----------
    language : {"zh", "en"}
        The language of the review.
    category : int
        Position in `CATEGORIES`.
    rating : int
        1 to 5 stars.

    Returns
    -------
    list of str
        `REVIEW_VARIANTS` texts: 1 and 2 stars blame, 3 stars praise one thing and blame another,
        4 and 5 stars praise.

    Examples
    --------
    >>> review_words("en", 0, 5)[0], review_words("zh", 0, 1)[0]
    ('I love this kettle! The quality is excellent.', '这款电水壶太糟糕了，一用就坏。质量太差。')
    """
    leaf = CATEGORIES[category]
    noun = leaf.noun_zh if language == "zh" else leaf.noun
    praise, blame = _PRAISE[language], _BLAME[language]
    space = "" if language == "zh" else " "
    texts = []
    for opening in _OPENING[language][rating - 1]:
        for aspect in range(len(praise)):
            if rating == 3:
                ending = praise[aspect] + space + blame[(aspect + 1) % len(blame)]
            else:
                ending = blame[aspect] if rating < 3 else praise[aspect]
            texts.append(opening.format(noun) + space + ending)
    return texts
