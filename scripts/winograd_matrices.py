#!/usr/bin/env python3
"""Derives the matrices of Winograd's F(4x4, 3x3) exactly, checks them, and checks the C code by them.

Points: 0, +-a, +-b and infinity with a^2 = 1/2 and b^2 = 2. Since b = 2a, every entry is p + q*a
with rational p and q; all of this is exact. Prints A^T, G and B^T, proves that they compute the
convolution and both gradients' transposes, and then runs the line transforms of
src/math/kernels/winograd_sweep.c (read from there) on unit vectors: the columns that they give must
be the matrices. Exit status 1 when anything differs.
"""
import re
import sys
from fractions import Fraction
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src/math/kernels/winograd_sweep.c"


class Number:
    """p + q*a with a^2 = 1/2, rational p and q."""

    def __init__(self, p=0, q=0):
        self.p, self.q = Fraction(p), Fraction(q)

    def __add__(self, other):
        other = number(other)
        return Number(self.p + other.p, self.q + other.q)

    def __neg__(self):
        return Number(-self.p, -self.q)

    def __sub__(self, other):
        return self + -number(other)

    def __rsub__(self, other):
        return number(other) - self

    def __mul__(self, other):
        other = number(other)
        return Number(self.p * other.p + self.q * other.q / 2, self.p * other.q + self.q * other.p)

    def __truediv__(self, other):
        other = number(other)
        norm = other.p**2 - other.q**2 / 2  # (p + qa)(p - qa); zero for 0 alone
        return self * Number(other.p / norm, -other.q / norm)

    __radd__, __rmul__ = __add__, __mul__

    def __rtruediv__(self, other):
        return number(other) / self

    def __eq__(self, other):
        other = number(other)
        return self.p == other.p and self.q == other.q

    def __str__(self):
        q = {1: "a", -1: "-a", 2: "b", -2: "-b"}.get(self.q)  # b = 2a
        if q is None:
            q = f"{self.q}a" if self.q.denominator > 1 or self.q % 2 else f"{self.q / 2}b"
        if not self.q:
            return str(self.p)
        return q if not self.p else f"{self.p}{'+' if self.q > 0 else ''}{q}"


def number(value):
    return value if isinstance(value, Number) else Number(value)


A, B = Number(0, 1), Number(0, 2)
POINTS = [Number(0), A, -A, B, -B]


def product(values, start=1):
    result = number(start)
    for value in values:
        result = result * value
    return result


def from_roots(roots):
    """Coefficients of prod (x - root), constant first, six of them."""
    polynomial = [number(1)] + [number(0)] * 5
    for root in roots:
        polynomial = [(polynomial[i - 1] if i else number(0)) - root * polynomial[i] for i in range(6)]
    return polynomial


def derive():
    others = [[q for j, q in enumerate(POINTS) if j != i] for i in range(5)]
    scale = [product(p - q for q in others[i]) for i, p in enumerate(POINTS)]
    a = [[product([p] * k) for k in range(4)] for p in POINTS] + [[0, 0, 0, 1]]
    g = [[product([p] * k) / scale[i] for k in range(3)] for i, p in enumerate(POINTS)] + [[0, 0, 1]]
    b = [from_roots(others[i]) for i in range(5)] + [from_roots(POINTS)]
    whole = [[[number(x) for x in row] for row in m] for m in (a, g, b)]
    return whole  # A [6x4], G [6x3], B^T [6x6]


def transposed(m):
    return [list(row) for row in zip(*m)]


def identity_holds(a, g, b):
    """sum over points p of A[p][i] G[p][k] B^T[p][j] is 1 where j = i + k, else 0: this one tensor is
    the forward identity, and read along another index each of the gradients'. In two dimensions it
    holds for rows and columns in turn."""
    return all(
        sum((a[p][i] * g[p][k] * b[p][j] for p in range(6)), Number()) == int(j == i + k)
        for i in range(4) for k in range(3) for j in range(6))


def line_transform(text, name):
    """The body of `name` in the C source as a Python function from a list to a list."""
    body = re.search(rf"\b{name}\(.*?\)\s*{{(.*?)\n}}", text, re.S).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S).replace("\n", " ")
    statements = []
    for statement in body.replace("vec ", "").split(";"):
        depth, part = 0, ""
        for character in statement:  # "d1 = ..., d2 = ...": one assignment for each
            depth += (character in "([") - (character in ")]")
            if character == "," and depth == 0:
                statements.append(part.strip())
                part = ""
            else:
                part += character
        statements.append(part.strip())
    # Literals become exact fractions; an index 2 * step becomes 2, for the step is 1 here.
    code = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)f?", r"Fraction('\1')", "\n".join(statements))
    code = re.sub(r"\bin\b", "source", code)

    def run(values, n_out):
        out = {}
        scope = {"Fraction": Fraction, "A": A, "B": B, "step": 1, "out_step": 1,
                 "source": dict(enumerate(values)), "out": out}
        exec(code, scope)
        return [number(out[i]) for i in range(n_out)]

    return run


def matrix_of(run, n_in, n_out):
    columns = [run([number(int(i == j)) for i in range(n_in)], n_out) for j in range(n_in)]
    return transposed(columns)


def show(name, matrix):
    print(f"{name} [{len(matrix)}x{len(matrix[0])}]")
    for row in matrix:
        print("  " + "".join(f"{str(x):>8}" for x in row))


def main():
    a, g, b = derive()
    show("A^T", transposed(a))
    show("G", g)
    show("B^T", b)
    good = identity_holds(a, g, b)
    print(f"{'ok' if good else 'WRONG'}: A^T [(G g) * (B^T d)] is the convolution, exactly")

    text = SOURCE.read_text()
    for name, wanted in (("input_line", b), ("output_line", transposed(a)), ("gradient_line", a),
                         ("filter_line", g), ("filter_gradient_line", transposed(g))):
        same = matrix_of(line_transform(text, name), len(wanted[0]), len(wanted)) == wanted
        print(f"{'ok' if same else 'WRONG'}: {name} of {SOURCE.name}")
        good = good and same
    for name, value in (("A", 0.5), ("B", 2.0)):
        constant = float(re.search(rf"#define {name} ([\d.]+)f", text).group(1))
        same = abs(constant**2 - value) < 1e-15 * value * 4
        print(f"{'ok' if same else 'WRONG'}: {name} = {constant:.17g}, its square is {value}")
        good = good and same
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
