"""Side-by-side benchmarks: every figure stands against a peer or a physical limit of the same run."""
