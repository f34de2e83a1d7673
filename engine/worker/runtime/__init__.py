"""The worker process: channel, devices, ranks, OOM and disk errors; no model."""
