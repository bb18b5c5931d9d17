"""From which rise of validation loss overfitting begins.

The thresholds were set on one half of 419 labelled curves and checked on the other
(tests/faults/curves.py); both lie in the middle of wide gaps between the two kinds.
"""

LOST = 0.05
"""Share of the fall of validation loss that was lost again. Unlike the rise over the minimum
(Prechelt 1998), it does not change with the scale of the loss, nor with what cannot be learnt."""
LOST_OF_LOSS = 0.025
"""Rise over the minimum: below it nobody would notice, however little had been gained."""
CERTAIN = 4.0
"""Standard errors by which the rise exceeds the scatter of the curve; four, since the scatter of
short curves is itself uncertain. Measured on 1,000 curves each of 6 to 300 points with
independent noise of 5 %: at most 0.2 % of falling and 2 % of flat ones are called a rise."""
MUCH_LOST = 0.5
"""Share from which it matters even where the score holds: the kept snapshot does not suffer, and
probabilities do."""
