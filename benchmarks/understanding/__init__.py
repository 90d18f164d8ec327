"""Hark's readings beside what others would use: accuracy, speed, memory; and what the cascade saves on noise.

`python -m benchmarks.understanding` prints both tables. VADER and TextBlob are measured where they are installed
(`pip install --require-hashes -r benchmarks/understanding/requirements.txt`); Hark itself needs neither.
"""
