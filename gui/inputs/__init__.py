"""Form inputs."""
