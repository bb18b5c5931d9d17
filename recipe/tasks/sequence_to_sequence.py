"""One sequence from another: translation, summaries, speech to text."""

from recipe.tasks.tokens import TokenTask


class SequenceToSequence(TokenTask):
    """Outputs [N, T, V], targets [N, T] of token indices; inputs may have any other length.

    Targets behind the end of a sequence are -100. The score is the share of tokens that are right
    when those before them are given (teacher forcing), as they are in the loss. A memorised sample
    is perfect: unlike a language model, it knows its targets from the inputs, whole from the start.
    """

    name = "sequence_to_sequence"
    answers = "vocabulary"
    tolerance = 0.005
