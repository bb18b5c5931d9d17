"""What rules about learning curves say of a log: curves, and next to nothing beside them.

A rule of a run asks what the run knows: its schedule, the loss of a constant answer, the number of
validation items, a branch that tried something else. Of a log none of that is known, its points are
as noisy as they are, and nobody can train it again. So the same names are judged here from the
curves alone, against their own scatter, and what only a shape suggests is a note.
"""
