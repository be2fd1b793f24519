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
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, models, register_model

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_INT, _INT32 = ir.IntType(64), ir.IntType(32)
_FUSED = ("contract",)


class LanesType(types.Type):
    """Type of a number in each lane."""

    def __init__(self) -> None:
        super().__init__("Lanes")


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    """Kept as one vector, so that LLVM never takes it apart."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


_TYPE = LanesType()


def aligned(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """Zeros (rows, columns) that begin at a cache line: lanes at multiples of LANES then never straddle two."""
    spare = np.zeros(rows * columns + LANES)
    skip = -spare.ctypes.data % (8 * LANES) // 8
    return spare[skip : skip + rows * columns].reshape(rows, columns)


def _address(context: Any, builder: Any, kind: Any, array: Any, row: Any, column: Any) -> Any:
    """Address of an element of a C-ordered float64 array of two dimensions, and its bytes from row to row."""
    view = context.make_array(kind)(context, builder, array)
    stride = builder.extract_value(view.strides, 0)
    base = builder.add(builder.ptrtoint(view.data, _INT), builder.mul(row, stride))
    return builder.add(base, builder.mul(column, ir.Constant(_INT, 8))), stride


def _places(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    row, column = (context.cast(builder, arguments[i], signature.args[i], types.int64) for i in (1, 2))
    return _address(context, builder, signature.args[0], arguments[0], row, column)


def _get(builder: Any, address: Any) -> Any:
    value = builder.load(builder.inttoptr(address, ir.PointerType(_VECTOR)))
    value.align = 8
    return value


def _put(builder: Any, address: Any, value: Any) -> None:
    builder.store(value, builder.inttoptr(address, ir.PointerType(_VECTOR))).align = 8


@intrinsic
def load(typing: Any, array: Any, row: Any, column: Any) -> Any:
    """``array[row, column:column + LANES]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, _ = _places(context, builder, signature, arguments)
        return _get(builder, address)

    return _TYPE(array, row, column), generate


@intrinsic
def store(typing: Any, array: Any, row: Any, column: Any, lanes: Any) -> Any:
    """``array[row, column:column + LANES] = lanes``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, _ = _places(context, builder, signature, arguments)
        _put(builder, address, arguments[3])
        return context.get_dummy_value()

    return types.void(array, row, column, lanes), generate


@intrinsic
def load_down(typing: Any, array: Any, row: Any, column: Any) -> Any:
    """``array[row:row + LANES, column]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, stride = _places(context, builder, signature, arguments)
        out = ir.Constant(_VECTOR, ir.Undefined)
        for k in range(LANES):
            number = builder.load(builder.inttoptr(address, ir.PointerType(ir.DoubleType())))
            out = builder.insert_element(out, number, ir.Constant(_INT, k))
            address = builder.add(address, stride)
        return out

    return _TYPE(array, row, column), generate


@intrinsic
def store_down(typing: Any, array: Any, row: Any, column: Any, lanes: Any) -> Any:
    """``array[row:row + LANES, column] = lanes``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, stride = _places(context, builder, signature, arguments)
        for k in range(LANES):
            number = builder.extract_element(arguments[3], ir.Constant(_INT, k))
            builder.store(number, builder.inttoptr(address, ir.PointerType(ir.DoubleType())))
            address = builder.add(address, stride)
        return context.get_dummy_value()

    return types.void(array, row, column, lanes), generate


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Columns of eight rows: of two rows each, those apart by four, two, then one exchange what is across the diagonal."""
    for apart in (4, 2, 1):
        turned = list(rows)
        for k in (k for k in range(LANES) if not k & apart):
            for skip in (0, apart):
                lanes = [skip + (m if not m & apart else m - apart + LANES) for m in range(LANES)]
                mask = ir.Constant(ir.VectorType(_INT32, LANES), [ir.Constant(_INT32, m) for m in lanes])
                turned[k + skip] = builder.shuffle_vector(rows[k], rows[k + apart], mask)
        rows = turned
    return rows


def _square(context: Any, builder: Any, signature: Any, arguments: Any, at: int) -> tuple[list[Any], list[Any]]:
    """Addresses of eight rows of the array in place ``at`` of the arguments (array, row, column), and of the rows in the other one
    (array, places, column) that ``places`` sends these columns to."""
    kinds = signature.args
    row, column = (context.cast(builder, arguments[at + i], kinds[at + i], types.int64) for i in (1, 2))
    address, stride = _address(context, builder, kinds[at], arguments[at], row, column)
    down = [builder.add(address, builder.mul(stride, ir.Constant(_INT, k))) for k in range(LANES)]
    other = 3 - at
    places = context.make_array(kinds[other + 1])(context, builder, arguments[other + 1])
    where = context.cast(builder, arguments[other + 2], kinds[other + 2], types.int64)
    across = []
    for k in range(LANES):
        place = builder.load(builder.gep(places.data, [builder.add(column, ir.Constant(_INT, k))]))
        across.append(_address(context, builder, kinds[other], arguments[other], place, where)[0])
    return down, across


@intrinsic
def turn_in(typing: Any, array: Any, row: Any, column: Any, out: Any, places: Any, where: Any) -> Any:
    """``out[places[column + k], where:where + LANES] = array[row:row + LANES, column + k]``, k from 0 to LANES - 1."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        down, across = _square(context, builder, signature, arguments, 0)
        for address, lanes in zip(across, _turned(builder, [_get(builder, a) for a in down]), strict=True):
            _put(builder, address, lanes)
        return context.get_dummy_value()

    return types.void(array, row, column, out, places, where), generate


@intrinsic
def turn_out(typing: Any, array: Any, places: Any, where: Any, out: Any, row: Any, column: Any) -> Any:
    """``out[row:row + LANES, column + k] = array[places[column + k], where:where + LANES]``, k from 0 to LANES - 1."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        down, across = _square(context, builder, signature, arguments, 3)
        for address, lanes in zip(down, _turned(builder, [_get(builder, a) for a in across]), strict=True):
            _put(builder, address, lanes)
        return context.get_dummy_value()

    return types.void(array, places, where, out, row, column), generate


@intrinsic
def same(typing: Any, value: Any) -> Any:
    """The same number in all lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.cast(builder, arguments[0], signature.args[0], types.float64)
        none = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(none, number, ir.Constant(_INT, 0))
        return builder.shuffle_vector(first, none, ir.Constant(ir.VectorType(_INT32, LANES), None))

    return _TYPE(value), generate


@intrinsic
def lane(typing: Any, lanes: Any, k: Any) -> Any:
    """The number in lane ``k``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.extract_element(
            arguments[0], context.cast(builder, arguments[1], signature.args[1], types.int64)
        )

    return types.float64(lanes, k), generate


def _one(name: str, words: str) -> Any:
    """A function of LLVM's own."""

    def typed(typing: Any, lanes: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(_VECTOR, [_VECTOR])
            function = get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f64")
            return builder.call(function, arguments)

        return _TYPE(lanes), generate

    typed.__doc__ = words
    return intrinsic(typed)


def _two(calculate: Callable[[Any, Any, Any], Any], words: str) -> Any:
    def typed(typing: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return calculate(builder, *arguments)

        return _TYPE(one, other), generate

    typed.__doc__ = words
    return intrinsic(typed)


def _three(calculate: Callable[[Any, Any, Any, Any], Any], words: str) -> Any:
    def typed(typing: Any, start: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return calculate(builder, *arguments)

        return _TYPE(start, one, other), generate

    typed.__doc__ = words
    return intrinsic(typed)


@intrinsic
def choose(typing: Any, a: Any, b: Any, one: Any, other: Any) -> Any:
    """``one`` where a > b, else ``other``, also where a or b is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, one, other = arguments
        return builder.select(builder.fcmp_ordered(">", a, b), one, other)

    return _TYPE(a, b, one, other), generate


@intrinsic
def all_below(typing: Any, a: Any, b: Any) -> Any:
    """Whether a < b in every lane; not where one is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(builder.fcmp_ordered("<", *arguments), ir.IntType(LANES))
        return builder.icmp_unsigned("==", bits, ir.Constant(ir.IntType(LANES), 2**LANES - 1))

    return types.boolean(a, b), generate


def _size(builder: Any, a: Any) -> Any:
    minus = builder.fneg(a)
    return builder.select(builder.fcmp_ordered(">", a, minus), a, minus)


def _product(builder: Any, a: Any, b: Any) -> Any:
    return builder.fmul(a, b, flags=_FUSED)


root = _one("sqrt", "Square roots.")
absolute = _one("fabs", "Absolute values.")
add = _two(lambda builder, a, b: builder.fadd(a, b, flags=_FUSED), "Sums.")
sub = _two(lambda builder, a, b: builder.fsub(a, b, flags=_FUSED), "Differences.")
mul = _two(_product, "Products.")
div = _two(lambda builder, a, b: builder.fdiv(a, b), "Quotients.")
larger = _two(
    lambda builder, a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b),
    "The larger of two; the second if one is NaN.",
)
smaller = _two(
    lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), a, b),
    "The smaller of two; the second if one is NaN.",
)
sizes = _two(lambda builder, a, b: builder.fadd(_size(builder, a), _size(builder, b)), "Sums of absolute values.")
more = _three(
    lambda builder, a, b, c: builder.fadd(a, _product(builder, b, c), flags=_FUSED), "``start + one * other``."
)
less = _three(
    lambda builder, a, b, c: builder.fsub(a, _product(builder, b, c), flags=_FUSED), "``start - one * other``."
)


@intrinsic
def neg(typing: Any, lanes: Any) -> Any:
    """The same numbers with the other sign."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fneg(arguments[0])

    return _TYPE(lanes), generate
