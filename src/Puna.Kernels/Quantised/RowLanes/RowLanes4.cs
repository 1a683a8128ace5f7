using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Activations;

namespace Puna.Kernels.Quantised.RowLanes;

/// <summary>Four rows in 128 bits: SSSE3 where there is, else the portable form (also Arm64 and software).</summary>
internal readonly unsafe struct RowLanes4(Vector128<int> value) : IRowLanes<RowLanes4>
{
    public readonly Vector128<int> Value = value;

    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static RowLanes4 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<int>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 Load(void* source) => new(Vector128.Load((int*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(RowLanes4 value, void* destination) =>
        value.Value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 LoadBytes(byte* source)
    {
        var bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(source)).AsByte();
        return new(Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 LoadSignedBytes(byte* source)
    {
        var bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(source)).AsSByte();
        return new(Vector128.WidenLower(Vector128.WidenLower(bytes)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 LoadHalves(void* source)
    {
        var halves = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsInt16();
        var bits = (Vector128.WidenLower(halves) << 13) & Vector128.Create(FiniteHalf.Mask);
        return new((bits.AsSingle() * FiniteHalf.Rescale).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 Broadcast(int bits) => new(Vector128.Create(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 Broadcast(float value) => new(Vector128.Create(value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 LoadTable(byte* source) => new(Vector128.Load(source).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 Lookup(RowLanes4 table, RowLanes4 indices) =>
        new(Vector128.ShuffleNative(table.Value.AsByte(), indices.Value.AsByte()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 operator &(RowLanes4 left, RowLanes4 right) =>
        new(left.Value & right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 operator |(RowLanes4 left, RowLanes4 right) =>
        new(left.Value | right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 ShiftRight(RowLanes4 value, int count) => new(value.Value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 ShiftRightSigned(RowLanes4 value, int count) =>
        new(value.Value >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 ShiftLeft(RowLanes4 value, int count) => new(value.Value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 AddIntegers(RowLanes4 left, RowLanes4 right) =>
        new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 AddShorts(RowLanes4 left, RowLanes4 right) =>
        new((left.Value.AsInt16() + right.Value.AsInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 MultiplyShorts(RowLanes4 left, RowLanes4 right) =>
        new((left.Value.AsInt16() * right.Value.AsInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 MultiplyPairs(RowLanes4 codes, RowLanes4 quad) =>
        new(
            (
                Ssse3.IsSupported
                    ? Ssse3.MultiplyAddAdjacent(codes.Value.AsByte(), quad.Value.AsSByte())
                    : PairsPortable(codes.Value, quad.Value)
            ).AsInt32()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 AddPairs(RowLanes4 sum, RowLanes4 codes, RowLanes4 quad) =>
        new(
            (
                sum.Value.AsInt16()
                + (
                    Ssse3.IsSupported
                        ? Ssse3.MultiplyAddAdjacent(codes.Value.AsByte(), quad.Value.AsSByte())
                        : PairsPortable(codes.Value, quad.Value)
                )
            ).AsInt32()
        );

    public static bool HasDot
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 AddDot(RowLanes4 sum, RowLanes4 codes, RowLanes4 quad) =>
        AddIntegers(sum, SumPairs(MultiplyPairs(codes, quad)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 SumPairs(RowLanes4 value) =>
        Sse2.IsSupported
            ? new(Sse2.MultiplyAddAdjacent(value.Value.AsInt16(), Vector128.Create((short)1)))
            : new(((value.Value << 16) >> 16) + (value.Value >> 16));

    /// <inheritdoc/>
    /// <remarks>The magnitudes, which fit a byte even for -128, and the codes themselves for their signs.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SplitSigned(RowLanes4 codes, out RowLanes4 first, out RowLanes4 second)
    {
        first = new(Vector128.Abs(codes.Value.AsSByte()).AsInt32());
        second = codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StartSigned(ActivationBlock* x, out RowLanes4 sum0, out RowLanes4 sum1)
    {
        sum0 = Zero;
        sum1 = Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSigned(
        ref RowLanes4 sum0,
        ref RowLanes4 sum1,
        RowLanes4 first,
        RowLanes4 second,
        RowLanes4 quad
    ) =>
        sum0 = new(
            sum0.Value
                + (
                    Ssse3.IsSupported
                        ? Sse2.MultiplyAddAdjacent(
                            Ssse3.MultiplyAddAdjacent(
                                first.Value.AsByte(),
                                Ssse3.Sign(quad.Value.AsSByte(), second.Value.AsSByte())
                            ),
                            Vector128.Create((short)1)
                        )
                        : SignedPortable(second.Value, quad.Value)
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 EndSigned(RowLanes4 sum0, RowLanes4 sum1) => sum0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 ToFloats(RowLanes4 integers) =>
        new(Vector128.ConvertToSingle(integers.Value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 Multiply(RowLanes4 left, RowLanes4 right) =>
        new((left.Value.AsSingle() * right.Value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 Add(RowLanes4 left, RowLanes4 right) =>
        new((left.Value.AsSingle() + right.Value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 MultiplyAdd(RowLanes4 value, RowLanes4 factor, RowLanes4 addend) =>
        new(
            Vector128
                .MultiplyAddEstimate(
                    value.Value.AsSingle(),
                    factor.Value.AsSingle(),
                    addend.Value.AsSingle()
                )
                .AsInt32()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowLanes4 AddScaled(
        RowLanes4 integers,
        RowLanes4 factor,
        RowLanes4 scale,
        RowLanes4 addend
    ) =>
        new(
            Vector128
                .MultiplyAddEstimate(
                    Vector128.ConvertToSingle(integers.Value) * factor.Value.AsSingle(),
                    scale.Value.AsSingle(),
                    addend.Value.AsSingle()
                )
                .AsInt32()
        );

    private static Vector128<short> PairsPortable(Vector128<int> codes, Vector128<int> quad)
    {
        var c = codes.AsInt16();
        var x = quad.AsInt16();
        var even = (c & Vector128.Create((short)0xFF)) * ((x << 8) >> 8);
        return even + (c >>> 8) * (x >> 8);
    }

    private static Vector128<int> SignedPortable(Vector128<int> codes, Vector128<int> quad)
    {
        var c = codes.AsInt16();
        var x = quad.AsInt16();
        var pairs = (((c << 8) >> 8) * ((x << 8) >> 8) + (c >> 8) * (x >> 8)).AsInt32();
        return ((pairs << 16) >> 16) + (pairs >> 16);
    }
}
