"""Eight numbers side by side, in one register where the machine has one so wide: what LLVM does not find out by itself.

It can't know that two rows of an array are not the same row, so it keeps loops over them one number at a time. These functions, for
compiled kernels only, load and store :data:`LANES` numbers at once and calculate with them as IEEE arithmetic does with one; products
and sums may be fused into one rounding (as by :func:`kernels.jit.fused_kernel`). Indices are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import get_or_insert_function, pack_array
from numba.extending import intrinsic

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_TUPLE = types.UniTuple(types.float64, LANES)  # type: ignore[attr-defined]
_INT = ir.IntType(64)
_FUSED = ("contract",)


def aligned(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """Zeros (rows, columns) that begin at a cache line: lanes at multiples of LANES then never straddle two."""
    spare = np.zeros(rows * columns + LANES)
    skip = -spare.ctypes.data % (8 * LANES) // 8
    return spare[skip : skip + rows * columns].reshape(rows, columns)


def _vector(builder: Any, lanes: Any) -> Any:
    out = ir.Constant(_VECTOR, ir.Undefined)
    for k in range(LANES):
        out = builder.insert_element(out, builder.extract_value(lanes, k), ir.Constant(_INT, k))
    return out


def _lanes(builder: Any, vector: Any) -> Any:
    return pack_array(builder, [builder.extract_element(vector, ir.Constant(_INT, k)) for k in range(LANES)])


def _address(context: Any, builder: Any, kind: Any, array: Any, row: Any, column: Any) -> Any:
    """Address of an element of a C-ordered float64 array of two dimensions, and its bytes from row to row."""
    view = context.make_array(kind)(context, builder, array)
    stride = builder.extract_value(view.strides, 0)
    base = builder.add(builder.ptrtoint(view.data, _INT), builder.mul(row, stride))
    return builder.add(base, builder.mul(column, ir.Constant(_INT, 8))), stride


def _places(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    row, column = (context.cast(builder, arguments[i], signature.args[i], types.int64) for i in (1, 2))
    return _address(context, builder, signature.args[0], arguments[0], row, column)


@intrinsic
def load(typing: Any, array: Any, row: Any, column: Any) -> Any:
    """``array[row, column:column + LANES]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, _ = _places(context, builder, signature, arguments)
        value = builder.load(builder.inttoptr(address, ir.PointerType(_VECTOR)))
        value.align = 8
        return _lanes(builder, value)

    return _TUPLE(array, row, column), generate


@intrinsic
def store(typing: Any, array: Any, row: Any, column: Any, lanes: Any) -> Any:
    """``array[row, column:column + LANES] = lanes``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, _ = _places(context, builder, signature, arguments)
        done = builder.store(_vector(builder, arguments[3]), builder.inttoptr(address, ir.PointerType(_VECTOR)))
        done.align = 8
        return context.get_dummy_value()

    return types.void(array, row, column, lanes), generate


@intrinsic
def load_down(typing: Any, array: Any, row: Any, column: Any) -> Any:
    """``array[row:row + LANES, column]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, stride = _places(context, builder, signature, arguments)
        values = []
        for _ in range(LANES):
            values.append(builder.load(builder.inttoptr(address, ir.PointerType(ir.DoubleType()))))
            address = builder.add(address, stride)
        return pack_array(builder, values)

    return _TUPLE(array, row, column), generate


@intrinsic
def store_down(typing: Any, array: Any, row: Any, column: Any, lanes: Any) -> Any:
    """``array[row:row + LANES, column] = lanes``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, stride = _places(context, builder, signature, arguments)
        for k in range(LANES):
            builder.store(
                builder.extract_value(arguments[3], k), builder.inttoptr(address, ir.PointerType(ir.DoubleType()))
            )
            address = builder.add(address, stride)
        return context.get_dummy_value()

    return types.void(array, row, column, lanes), generate


@intrinsic
def same(typing: Any, value: Any) -> Any:
    """The same number in all lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[0], signature.args[0], types.float64)
        return pack_array(builder, [number] * LANES)

    return _TUPLE(value), generate


def _binary(calculate: Callable[[Any, Any, Any], Any], words: str) -> Any:
    def typed(typing: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            a, b = (_vector(builder, lanes) for lanes in arguments)
            return _lanes(builder, calculate(builder, a, b))

        return _TUPLE(one, other), generate

    typed.__doc__ = words
    return intrinsic(typed)


@intrinsic
def root(typing: Any, lanes: Any) -> Any:
    """Square roots."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        function = get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f64")
        return _lanes(builder, builder.call(function, [_vector(builder, arguments[0])]))

    return _TUPLE(lanes), generate


@intrinsic
def more(typing: Any, start: Any, one: Any, other: Any) -> Any:
    """``start + one * other``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, c = (_vector(builder, lanes) for lanes in arguments)
        return _lanes(builder, builder.fadd(a, builder.fmul(b, c, flags=_FUSED), flags=_FUSED))

    return _TUPLE(start, one, other), generate


def _size(builder: Any, a: Any) -> Any:
    minus = builder.fneg(a)
    return builder.select(builder.fcmp_ordered(">", a, minus), a, minus)


add = _binary(lambda builder, a, b: builder.fadd(a, b, flags=_FUSED), "Sums.")
sub = _binary(lambda builder, a, b: builder.fsub(a, b, flags=_FUSED), "Differences.")
mul = _binary(lambda builder, a, b: builder.fmul(a, b, flags=_FUSED), "Products.")
div = _binary(lambda builder, a, b: builder.fdiv(a, b), "Quotients.")
larger = _binary(
    lambda builder, a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b),
    "The larger of two; the second if one is NaN.",
)
smaller = _binary(
    lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), a, b),
    "The smaller of two; the second if one is NaN.",
)
sizes = _binary(lambda builder, a, b: builder.fadd(_size(builder, a), _size(builder, b)), "Sums of absolute values.")
