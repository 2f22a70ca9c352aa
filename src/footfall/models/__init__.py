"""Networks that read behaviour: encoders, heads, training, embeddings, compression."""
