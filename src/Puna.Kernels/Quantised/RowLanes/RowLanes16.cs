using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Activations;

namespace Puna.Kernels.Quantised.RowLanes;

/// <summary>Sixteen rows in 512 bits: AVX-512 F and BW; else two halves.</summary>
internal readonly unsafe struct RowLanes16(Vector512<int> value) : IRowLanes<RowLanes16>
{
    public readonly Vector512<int> Value = value;

    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    private RowLanes8 Lower => new(Value.GetLower());

    private RowLanes8 Upper => new(Value.GetUpper());

    public static RowLanes16 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<int>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 Load(void* source) => new(Vector512.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(RowLanes16 value, void* destination) =>
        value.Value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 LoadBytes(byte* source)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.ConvertToVector512Int32(Vector128.Load(source)));
        }

        return new(
            Vector512.Create(
                RowLanes8.LoadBytes(source).Value,
                RowLanes8.LoadBytes(source + 8).Value
            )
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 LoadSignedBytes(byte* source)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source)));
        }

        return new(
            Vector512.Create(
                RowLanes8.LoadSignedBytes(source).Value,
                RowLanes8.LoadSignedBytes(source + 8).Value
            )
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 LoadHalves(void* source)
    {
        if (!Avx512F.IsSupported)
        {
            return new(
                Vector512.Create(
                    RowLanes8.LoadHalves(source).Value,
                    RowLanes8.LoadHalves((short*)source + 8).Value
                )
            );
        }

        var integers = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source));
        var bits = (integers << 13) & Vector512.Create(FiniteHalf.Mask);
        return new((bits.AsSingle() * FiniteHalf.Rescale).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 Broadcast(int bits) => new(Vector512.Create(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 Broadcast(float value) => new(Vector512.Create(value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 LoadTable(byte* source)
    {
        var table = RowLanes8.LoadTable(source).Value;
        return new(Vector512.Create(table, table));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 Lookup(RowLanes16 table, RowLanes16 indices) =>
        Avx512BW.IsSupported
            ? new(Avx512BW.Shuffle(table.Value.AsByte(), indices.Value.AsByte()).AsInt32())
            : new(
                Vector512.Create(
                    RowLanes8.Lookup(table.Lower, indices.Lower).Value,
                    RowLanes8.Lookup(table.Upper, indices.Upper).Value
                )
            );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 operator &(RowLanes16 left, RowLanes16 right) =>
        new(left.Value & right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 operator |(RowLanes16 left, RowLanes16 right) =>
        new(left.Value | right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 ShiftRight(RowLanes16 value, int count) => new(value.Value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 ShiftRightSigned(RowLanes16 value, int count) =>
        new(value.Value >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 ShiftLeft(RowLanes16 value, int count) => new(value.Value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 AddIntegers(RowLanes16 left, RowLanes16 right) =>
        new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 AddShorts(RowLanes16 left, RowLanes16 right) =>
        new((left.Value.AsInt16() + right.Value.AsInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 MultiplyShorts(RowLanes16 left, RowLanes16 right) =>
        new((left.Value.AsInt16() * right.Value.AsInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 MultiplyPairs(RowLanes16 codes, RowLanes16 quad) =>
        new(
            (
                Avx512BW.IsSupported
                    ? Avx512BW.MultiplyAddAdjacent(codes.Value.AsByte(), quad.Value.AsSByte())
                    : PairsPortable(codes, quad)
            ).AsInt32()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 AddPairs(RowLanes16 sum, RowLanes16 codes, RowLanes16 quad) =>
        new(
            (
                sum.Value.AsInt16()
                + (
                    Avx512BW.IsSupported
                        ? Avx512BW.MultiplyAddAdjacent(codes.Value.AsByte(), quad.Value.AsSByte())
                        : PairsPortable(codes, quad)
                )
            ).AsInt32()
        );

    public static bool HasDot
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 AddDot(RowLanes16 sum, RowLanes16 codes, RowLanes16 quad) =>
        AddIntegers(sum, SumPairs(MultiplyPairs(codes, quad)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 SumPairs(RowLanes16 value) =>
        Avx512BW.IsSupported
            ? new(Avx512BW.MultiplyAddAdjacent(value.Value.AsInt16(), Vector512.Create((short)1)))
            : new(
                Vector512.Create(
                    RowLanes8.SumPairs(value.Lower).Value,
                    RowLanes8.SumPairs(value.Upper).Value
                )
            );

    /// <inheritdoc/>
    /// <remarks>
    /// AVX-512 has no instruction that takes the sign of another vector. A code is 16 * (high - 8) + low with two
    /// unsigned 4-bit parts, whose sums over 32 columns fit 16 bits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSigned(RowLanes16 codes, out RowLanes16 first, out RowLanes16 second)
    {
        if (Avx512BW.IsSupported)
        {
            var nibble = Vector512.Create(0x0F0F0F0F);
            first = new(codes.Value & nibble);
            second = new(((codes.Value >>> 4) & nibble) ^ Vector512.Create(0x08080808));
            return;
        }

        RowLanes8.SplitSigned(codes.Lower, out var firstLower, out var secondLower);
        RowLanes8.SplitSigned(codes.Upper, out var firstUpper, out var secondUpper);
        first = new(Vector512.Create(firstLower.Value, firstUpper.Value));
        second = new(Vector512.Create(secondLower.Value, secondUpper.Value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StartSigned(ActivationBlock* x, out RowLanes16 sum0, out RowLanes16 sum1)
    {
        if (Avx512BW.IsSupported)
        {
            sum0 = Zero;
            sum1 = Broadcast(x->PairOffset);
        }
        else
        {
            RowLanes8.StartSigned(x, out var half, out _);
            sum0 = new(Vector512.Create(half.Value, half.Value));
            sum1 = Zero;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSigned(
        ref RowLanes16 sum0,
        ref RowLanes16 sum1,
        RowLanes16 first,
        RowLanes16 second,
        RowLanes16 quad
    )
    {
        if (Avx512BW.IsSupported)
        {
            var x = quad.Value.AsSByte();
            sum0 = new(
                (
                    sum0.Value.AsInt16() + Avx512BW.MultiplyAddAdjacent(first.Value.AsByte(), x)
                ).AsInt32()
            );
            sum1 = new(
                (
                    sum1.Value.AsInt16() + Avx512BW.MultiplyAddAdjacent(second.Value.AsByte(), x)
                ).AsInt32()
            );
        }
        else
        {
            sum0 = AddSignedPortable(sum0, first, second, quad);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 EndSigned(RowLanes16 sum0, RowLanes16 sum1) =>
        Avx512BW.IsSupported
            ? new(
                Avx512BW.MultiplyAddAdjacent(sum0.Value.AsInt16(), Vector512.Create((short)1))
                    + Avx512BW.MultiplyAddAdjacent(
                        sum1.Value.AsInt16(),
                        Vector512.Create((short)16)
                    )
            )
            : sum0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 ToFloats(RowLanes16 integers) =>
        new(Vector512.ConvertToSingle(integers.Value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 Multiply(RowLanes16 left, RowLanes16 right) =>
        new((left.Value.AsSingle() * right.Value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 Add(RowLanes16 left, RowLanes16 right) =>
        new((left.Value.AsSingle() + right.Value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 MultiplyAdd(RowLanes16 value, RowLanes16 factor, RowLanes16 addend) =>
        new(
            Vector512
                .MultiplyAddEstimate(
                    value.Value.AsSingle(),
                    factor.Value.AsSingle(),
                    addend.Value.AsSingle()
                )
                .AsInt32()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes16 AddScaled(
        RowLanes16 integers,
        RowLanes16 factor,
        RowLanes16 scale,
        RowLanes16 addend
    ) =>
        new(
            Vector512
                .MultiplyAddEstimate(
                    Vector512.ConvertToSingle(integers.Value) * factor.Value.AsSingle(),
                    scale.Value.AsSingle(),
                    addend.Value.AsSingle()
                )
                .AsInt32()
        );

    private static Vector512<short> PairsPortable(RowLanes16 codes, RowLanes16 quad) =>
        Vector512.Create(
            RowLanes8.MultiplyPairs(codes.Lower, quad.Lower).Value.AsInt16(),
            RowLanes8.MultiplyPairs(codes.Upper, quad.Upper).Value.AsInt16()
        );

    private static RowLanes16 AddSignedPortable(
        RowLanes16 sum,
        RowLanes16 first,
        RowLanes16 second,
        RowLanes16 quad
    )
    {
        var lower = sum.Lower;
        var upper = sum.Upper;
        var unused = RowLanes8.Zero;
        RowLanes8.AddSigned(ref lower, ref unused, first.Lower, second.Lower, quad.Lower);
        RowLanes8.AddSigned(ref upper, ref unused, first.Upper, second.Upper, quad.Upper);
        return new(Vector512.Create(lower.Value, upper.Value));
    }
}
