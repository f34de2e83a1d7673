"""The worker process: channel, devices, forks, OOM and disk errors; no model."""
