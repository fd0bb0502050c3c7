"""How far the learner is, derived from run folders, answers, lab results and the journal; nothing is stored twice."""
