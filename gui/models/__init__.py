"""Lists of adapters and runs as Qt models, and the reading behind them. Knows no widget."""
