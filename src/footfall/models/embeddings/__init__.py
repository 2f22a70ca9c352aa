"""Items and users as vectors: item2vec, DeepWalk, Node2Vec, what is near, lookalike audiences."""

from footfall.models.embeddings.graph import Graph, item_item_graph, user_item_graph
from footfall.models.embeddings.lookalike import Lookalikes, lookalike
from footfall.models.embeddings.skipgram import SkipGram
from footfall.models.embeddings.tables import embedding_of
from footfall.models.embeddings.users import user_vectors
from footfall.models.embeddings.vectors import Embedding, nearest
from footfall.models.embeddings.walks import Walks
from footfall.models.embeddings.word2vec import deepwalk, item2vec, node2vec

__all__ = [
    "Embedding",
    "Graph",
    "Lookalikes",
    "SkipGram",
    "Walks",
    "deepwalk",
    "embedding_of",
    "item2vec",
    "item_item_graph",
    "lookalike",
    "nearest",
    "node2vec",
    "user_item_graph",
    "user_vectors",
]
