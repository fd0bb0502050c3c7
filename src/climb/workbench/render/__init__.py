"""From values to markup: Markdown, drawings, plots, evidence. Whatever comes from a program is escaped."""
