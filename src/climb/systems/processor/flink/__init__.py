"""The same pipeline on Apache Flink, as Flink SQL through its SQL gateway; nothing of ours is needed on the cluster."""
