using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Activations;

namespace Puna.Kernels.Quantised.RowLanes;

/// <summary>Eight rows in 256 bits: AVX2, with AVX-VNNI for signed codes where there is; else two halves.</summary>
internal readonly unsafe struct RowLanes8(Vector256<int> value) : IRowLanes<RowLanes8>
{
    public readonly Vector256<int> Value = value;

    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    private RowLanes4 Lower => new(Value.GetLower());

    private RowLanes4 Upper => new(Value.GetUpper());

    public static RowLanes8 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<int>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 Load(void* source) => new(Vector256.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(RowLanes8 value, void* destination) =>
        value.Value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 LoadBytes(byte* source)
    {
        if (Avx2.IsSupported)
        {
            return new(Avx2.ConvertToVector256Int32(source));
        }

        return new(
            Vector256.Create(
                RowLanes4.LoadBytes(source).Value,
                RowLanes4.LoadBytes(source + 4).Value
            )
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 LoadSignedBytes(byte* source)
    {
        if (Avx2.IsSupported)
        {
            return new(Avx2.ConvertToVector256Int32((sbyte*)source));
        }

        return new(
            Vector256.Create(
                RowLanes4.LoadSignedBytes(source).Value,
                RowLanes4.LoadSignedBytes(source + 4).Value
            )
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 LoadHalves(void* source)
    {
        var halves = Vector128.Load((short*)source);
        var integers = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(halves)
            : Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
        var bits = (integers << 13) & Vector256.Create(FiniteHalf.Mask);
        return new((bits.AsSingle() * FiniteHalf.Rescale).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 Broadcast(int bits) => new(Vector256.Create(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 Broadcast(float value) => new(Vector256.Create(value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 LoadTable(byte* source)
    {
        var table = Vector128.Load(source);
        return new(Vector256.Create(table, table).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 Lookup(RowLanes8 table, RowLanes8 indices) =>
        Avx2.IsSupported
            ? new(Avx2.Shuffle(table.Value.AsByte(), indices.Value.AsByte()).AsInt32())
            : new(
                Vector256.Create(
                    RowLanes4.Lookup(table.Lower, indices.Lower).Value,
                    RowLanes4.Lookup(table.Upper, indices.Upper).Value
                )
            );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 operator &(RowLanes8 left, RowLanes8 right) =>
        new(left.Value & right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 operator |(RowLanes8 left, RowLanes8 right) =>
        new(left.Value | right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 ShiftRight(RowLanes8 value, int count) => new(value.Value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 ShiftRightSigned(RowLanes8 value, int count) =>
        new(value.Value >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 ShiftLeft(RowLanes8 value, int count) => new(value.Value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 AddIntegers(RowLanes8 left, RowLanes8 right) =>
        new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 AddShorts(RowLanes8 left, RowLanes8 right) =>
        new((left.Value.AsInt16() + right.Value.AsInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 MultiplyShorts(RowLanes8 left, RowLanes8 right) =>
        new((left.Value.AsInt16() * right.Value.AsInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 MultiplyPairs(RowLanes8 codes, RowLanes8 quad) =>
        new(
            (
                Avx2.IsSupported
                    ? Avx2.MultiplyAddAdjacent(codes.Value.AsByte(), quad.Value.AsSByte())
                    : PairsPortable(codes, quad)
            ).AsInt32()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 AddPairs(RowLanes8 sum, RowLanes8 codes, RowLanes8 quad) =>
        new(
            (
                sum.Value.AsInt16()
                + (
                    Avx2.IsSupported
                        ? Avx2.MultiplyAddAdjacent(codes.Value.AsByte(), quad.Value.AsSByte())
                        : PairsPortable(codes, quad)
                )
            ).AsInt32()
        );

    public static bool HasDot
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AvxVnni.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 AddDot(RowLanes8 sum, RowLanes8 codes, RowLanes8 quad) =>
        AvxVnni.IsSupported
            ? new(
                AvxVnni.MultiplyWideningAndAdd(
                    sum.Value,
                    codes.Value.AsByte(),
                    quad.Value.AsSByte()
                )
            )
            : AddIntegers(sum, SumPairs(MultiplyPairs(codes, quad)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 SumPairs(RowLanes8 value) =>
        Avx2.IsSupported
            ? new(Avx2.MultiplyAddAdjacent(value.Value.AsInt16(), Vector256.Create((short)1)))
            : new(((value.Value << 16) >> 16) + (value.Value >> 16));

    /// <inheritdoc/>
    /// <remarks>
    /// With AVX-VNNI the codes plus 128. Else the magnitudes, which fit a byte even for -128, and the codes themselves
    /// for their signs.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSigned(RowLanes8 codes, out RowLanes8 first, out RowLanes8 second)
    {
        first = AvxVnni.IsSupported
            ? new(codes.Value ^ Vector256.Create(unchecked((int)0x80808080)))
            : new(Vector256.Abs(codes.Value.AsSByte()).AsInt32());
        second = codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StartSigned(ActivationBlock* x, out RowLanes8 sum0, out RowLanes8 sum1)
    {
        sum0 = AvxVnni.IsSupported ? Broadcast(x->ByteOffset) : Zero;
        sum1 = Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSigned(
        ref RowLanes8 sum0,
        ref RowLanes8 sum1,
        RowLanes8 first,
        RowLanes8 second,
        RowLanes8 quad
    )
    {
        if (AvxVnni.IsSupported)
        {
            sum0 = new(
                AvxVnni.MultiplyWideningAndAdd(
                    sum0.Value,
                    first.Value.AsByte(),
                    quad.Value.AsSByte()
                )
            );
        }
        else if (Avx2.IsSupported)
        {
            sum0 = new(
                sum0.Value
                    + Avx2.MultiplyAddAdjacent(
                        Avx2.MultiplyAddAdjacent(
                            first.Value.AsByte(),
                            Avx2.Sign(quad.Value.AsSByte(), second.Value.AsSByte())
                        ),
                        Vector256.Create((short)1)
                    )
            );
        }
        else
        {
            sum0 = AddSignedPortable(sum0, first, second, quad);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 EndSigned(RowLanes8 sum0, RowLanes8 sum1) => sum0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 ToFloats(RowLanes8 integers) =>
        new(Vector256.ConvertToSingle(integers.Value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 Multiply(RowLanes8 left, RowLanes8 right) =>
        new((left.Value.AsSingle() * right.Value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 Add(RowLanes8 left, RowLanes8 right) =>
        new((left.Value.AsSingle() + right.Value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 MultiplyAdd(RowLanes8 value, RowLanes8 factor, RowLanes8 addend) =>
        new(
            Vector256
                .MultiplyAddEstimate(
                    value.Value.AsSingle(),
                    factor.Value.AsSingle(),
                    addend.Value.AsSingle()
                )
                .AsInt32()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes8 AddScaled(
        RowLanes8 integers,
        RowLanes8 factor,
        RowLanes8 scale,
        RowLanes8 addend
    ) =>
        new(
            Vector256
                .MultiplyAddEstimate(
                    Vector256.ConvertToSingle(integers.Value) * factor.Value.AsSingle(),
                    scale.Value.AsSingle(),
                    addend.Value.AsSingle()
                )
                .AsInt32()
        );

    private static Vector256<short> PairsPortable(RowLanes8 codes, RowLanes8 quad) =>
        Vector256.Create(
            RowLanes4.MultiplyPairs(codes.Lower, quad.Lower).Value.AsInt16(),
            RowLanes4.MultiplyPairs(codes.Upper, quad.Upper).Value.AsInt16()
        );

    private static RowLanes8 AddSignedPortable(
        RowLanes8 sum,
        RowLanes8 first,
        RowLanes8 second,
        RowLanes8 quad
    )
    {
        var lower = sum.Lower;
        var upper = sum.Upper;
        var unused = RowLanes4.Zero;
        RowLanes4.AddSigned(ref lower, ref unused, first.Lower, second.Lower, quad.Lower);
        RowLanes4.AddSigned(ref upper, ref unused, first.Upper, second.Upper, quad.Upper);
        return new(Vector256.Create(lower.Value, upper.Value));
    }
}
