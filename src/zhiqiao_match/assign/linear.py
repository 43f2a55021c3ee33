"""A linear programme given as plain arrays, for what does not need columns on demand."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from zhiqiao_match.assign.model import Grid

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """This is: maximise worth · x, where every row adds up x over its members and stays below `most`.

    worth  : (columns,). most : (rows,). members : (2, entries) row and column of every 1 in the matrix.
    upper  : largest value of a column.
    """

    worth: Grid
    most: Grid
    members: Index
    upper: float = 1.0

    def solve(self, *, whole: bool = True, seconds: float = 20.0) -> tuple[Grid, float]:
        """Return the best values found and a bound on every answer's worth."""
        highs = highspy.Highs()
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("time_limit", seconds),
            ("mip_rel_gap", 0.0),
        ):
            highs.setOptionValue(name, value)
        count = len(self.worth)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = count, len(self.most)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = -self.worth, np.zeros(count), np.full(count, self.upper)
        lp.row_lower_, lp.row_upper_ = np.full(len(self.most), -highspy.kHighsInf), self.most.astype(float)
        rows, columns = self.members
        order = np.lexsort((rows, columns))
        lp.a_matrix_.start_ = np.searchsorted(columns[order], np.arange(count + 1)).astype(np.int32)
        lp.a_matrix_.index_ = rows[order].astype(np.int32)
        lp.a_matrix_.value_ = np.ones(len(order))
        highs.passModel(lp)
        if whole:
            kinds = np.full(count, int(highspy.HighsVarType.kInteger), np.uint8)
            highs.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kinds)
        highs.run()
        info = highs.getInfo()
        values = np.asarray(highs.getSolution().col_value)
        bound = -float(info.mip_dual_bound if whole else info.objective_function_value)
        return (np.rint(values) if whole else values), bound
