"""The journal: entries that are Markdown files of the learner's, prompts for them, and the evidence that they speak of."""
