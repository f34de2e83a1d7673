@"%~dp0uv.exe" run --no-project --managed-python --python 3.12 "%~dp0packaging\launcher.py" %*
