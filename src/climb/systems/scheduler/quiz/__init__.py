"""Predict first: small workloads drawn from a seed, what somebody says will happen, and where that parts from the rules."""
