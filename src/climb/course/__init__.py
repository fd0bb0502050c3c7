"""The course: two tracks of modules, and the concepts, readings, labs and projects that they share."""
