"""The truth: data, and the rules about data. Knows nothing of HTTP, networks or models that learn."""
