"""The worker process: channel, devices, forks, spill files, OOM and disk errors; no model."""
