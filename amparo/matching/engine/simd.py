"""What a processor does in one instruction and Numba has no name for: population counts, 32 tags at a time, prefetching.

Written as LLVM's portable vectors: it makes AVX-512, AVX2 or NEON of them, whatever the machine at hand has. Reads and writes
here go where they are told to, without a check of bounds and without Python's negative places; kernels see to both.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
TAGS = ir.VectorType(I16, 32)
HALVES = ir.VectorType(I64, 8)


def _place(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def _call(builder: Any, name: str, answer: Any, *arguments: Any) -> Any:
    kind = ir.FunctionType(answer, [each.type for each in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _everywhere(builder: Any, vector: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, I32(0))
    lanes = ir.Constant(ir.VectorType(I32, vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes)


@intrinsic
def at(typing: Any, array: Any, place: Any) -> Any:
    """array[place] of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_place(context, builder, signature.args[0], *arguments))

    return array.dtype(array, types.int64), code


@intrinsic
def put(typing: Any, array: Any, place: Any, value: Any) -> Any:
    """array[place] = value of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _place(context, builder, signature.args[0], *arguments[:2]))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), code


@intrinsic
def put_bytes(typing: Any, array: Any, place: Any, value: Any) -> Any:
    """The value's bytes, least first, from array[place] of an array of bytes on."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = _place(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], builder.bitcast(where, arguments[2].type.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, value), code


@intrinsic
def fetch(typing: Any, array: Any, place: Any) -> Any:
    """The line that holds array[place] is on its way to the nearest cache. Any place will do, also one outside."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = builder.bitcast(_place(context, builder, signature.args[0], *arguments), I8.as_pointer())
        _call(builder, "llvm.prefetch.p0", ir.VoidType(), where, I32(0), I32(3), I32(1))
        return context.get_dummy_value()

    return types.void(array, types.int64), code


@intrinsic
def ones(typing: Any, word: Any) -> Any:
    """How many bits of a word are set."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "llvm.ctpop.i64", I64, arguments[0])

    return types.int64(types.uint64), code


@intrinsic
def first_one(typing: Any, word: Any) -> Any:
    """The place of the lowest set bit of a word that isn't 0."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "llvm.cttz.i64", I64, arguments[0], I1(1))

    return types.int64(types.uint64), code


@intrinsic
def tags_near(typing: Any, tags: Any, place: Any, tag: Any, most: Any) -> Any:
    """Which of the 32 tags from `place` on differ from `tag` in at most `most` bits: bit i for the i-th."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = _place(context, builder, signature.args[0], *arguments[:2])
        differing = builder.xor(
            builder.load(builder.bitcast(where, TAGS.as_pointer()), align=2), _everywhere(builder, TAGS, arguments[2])
        )
        bits = _call(builder, "llvm.ctpop.v32i16", TAGS, differing)
        near = builder.icmp_unsigned("<=", bits, _everywhere(builder, TAGS, arguments[3]))
        return builder.zext(builder.bitcast(near, I32), I64)

    return types.uint64(tags, types.int64, types.uint16, types.uint16), code


@intrinsic
def halves_near(typing: Any, halves: Any, place: Any, first: Any, second: Any, most: Any) -> Any:
    """Which of the 4 pairs of words from `place` on differ from a pair in at most `most` bits: bits 2i and 2i + 1 for the i-th."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = _place(context, builder, signature.args[0], *arguments[:2])
        pair = ir.Constant(HALVES, ir.Undefined)
        for lane in range(8):
            pair = builder.insert_element(pair, arguments[2 + lane % 2], I32(lane))
        words = builder.load(builder.bitcast(where, HALVES.as_pointer()), align=8)
        bits = _call(builder, "llvm.ctpop.v8i64", HALVES, builder.xor(words, pair))
        swapped = builder.shuffle_vector(bits, bits, ir.Constant(ir.VectorType(I32, 8), [1, 0, 3, 2, 5, 4, 7, 6]))
        near = builder.icmp_unsigned("<=", builder.add(bits, swapped), _everywhere(builder, HALVES, arguments[4]))
        return builder.zext(builder.bitcast(near, I8), I64)

    return types.uint64(halves, types.int64, types.uint64, types.uint64, types.uint64), code
