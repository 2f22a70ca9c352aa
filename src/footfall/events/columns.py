"""The columns of the log, of its item and user tables, and of rejected rows: names and types.

Money is int64 minor units (cents), time int64 microseconds UTC: sums and orders are exact.
"""

import pyarrow as pa

__all__ = [
    "ACTION",
    "AMOUNT",
    "CURRENCY",
    "EVENT_ID",
    "EVENT_SCHEMA",
    "EVENT_TYPE",
    "ITEM_ID",
    "ITEM_SCHEMA",
    "POLICY",
    "PRICE",
    "PROPENSITY",
    "PROPERTIES",
    "QUANTITY",
    "QUERY",
    "RATING",
    "REJECT_SCHEMA",
    "REQUIRED",
    "REWARD",
    "ROW",
    "SESSION_ID",
    "SLOT",
    "TEXT",
    "TIMESTAMP",
    "TIMESTAMP_TYPE",
    "USER_ID",
    "USER_SCHEMA",
]

EVENT_ID = "event_id"
USER_ID = "user_id"
TIMESTAMP = "timestamp"
EVENT_TYPE = "event_type"
ITEM_ID = "item_id"
SESSION_ID = "session_id"
QUANTITY = "quantity"
PRICE = "price"
AMOUNT = "amount"
CURRENCY = "currency"
QUERY = "query"
TEXT = "text"
RATING = "rating"
PROPERTIES = "properties"
SLOT = "slot"
ACTION = "action"
PROPENSITY = "propensity"
POLICY = "policy"
REWARD = "reward"

# Travels beside the columns while a file is read: the row of the file an event came from.
ROW = "__row__"

REQUIRED = (USER_ID, TIMESTAMP, EVENT_TYPE)
TIMESTAMP_TYPE = pa.timestamp("us", tz="UTC")

EVENT_SCHEMA = pa.schema(
    [
        pa.field(EVENT_ID, pa.string()),  # given by the shop; null: the content is the identity
        pa.field(USER_ID, pa.string(), nullable=False),
        pa.field(TIMESTAMP, TIMESTAMP_TYPE, nullable=False),
        pa.field(EVENT_TYPE, pa.string(), nullable=False),
        pa.field(ITEM_ID, pa.string()),
        pa.field(SESSION_ID, pa.string()),
        pa.field(QUANTITY, pa.int32()),
        pa.field(PRICE, pa.int64()),  # minor units, of one unit of the item
        pa.field(AMOUNT, pa.int64()),  # minor units, of the whole line
        pa.field(CURRENCY, pa.string()),
        pa.field(QUERY, pa.string()),
        pa.field(TEXT, pa.string()),
        pa.field(RATING, pa.float32()),
        pa.field(PROPERTIES, pa.string()),  # a JSON object
        pa.field(SLOT, pa.int32()),
        pa.field(ACTION, pa.string()),
        pa.field(PROPENSITY, pa.float64()),
        pa.field(POLICY, pa.string()),
        pa.field(REWARD, pa.float64()),
    ]
)

ITEM_SCHEMA = pa.schema(
    [
        pa.field(ITEM_ID, pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("category", pa.string()),  # a path, "home/kitchen/kettles"
        pa.field("brand", pa.string()),
        pa.field("price", pa.int64()),  # minor units
        pa.field("image", pa.string()),
    ]
)

USER_SCHEMA = pa.schema(
    [
        pa.field(USER_ID, pa.string(), nullable=False),
        pa.field("age", pa.string()),
        pa.field("gender", pa.string()),
        pa.field("region", pa.string()),
    ]
)

REJECT_SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),  # 1 is the first row of data
        pa.field("rule", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),  # the row as it stood, as JSON or text
    ]
)
