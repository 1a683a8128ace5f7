using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Puna.Kernels.Lanes;

/// <summary>Sixteen floats: the AVX-512 level, elsewhere two halves.</summary>
internal readonly unsafe struct Lanes16(Vector512<float> value) : ILanes<Lanes16>
{
    public readonly Vector512<float> Value = value;

    public static int Width => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes16 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadBits16(ushort* source)
    {
        var patterns = Vector256.Load(source);
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.ConvertToVector512Int32(patterns).AsSingle());
        }

        var (lower, upper) = Vector256.Widen(patterns);
        return new(Vector512.Create(lower, upper).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadSigned16(short* source)
    {
        var integers = Vector256.Load(source);
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.ConvertToVector512Int32(integers).AsSingle());
        }

        var (lower, upper) = Vector256.Widen(integers);
        return new(Vector512.Create(lower, upper).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBits16(Lanes16 value, ushort* destination)
    {
        var bits = value.Value.AsUInt32();
        var patterns = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(bits)
            : Vector256.Narrow(bits.GetLower(), bits.GetUpper());
        patterns.Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 BroadcastBits(uint bits) => new(Vector512.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator +(Lanes16 left, Lanes16 right) => new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator -(Lanes16 left, Lanes16 right) => new(left.Value - right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator *(Lanes16 left, Lanes16 right) => new(left.Value * right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator /(Lanes16 left, Lanes16 right) => new(left.Value / right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Fma(Lanes16 left, Lanes16 right, Lanes16 addend)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.FusedMultiplyAdd(left.Value, right.Value, addend.Value));
        }

        return new(
            Vector512.Create(
                Lanes8
                    .Fma(
                        new(left.Value.GetLower()),
                        new(right.Value.GetLower()),
                        new(addend.Value.GetLower())
                    )
                    .Value,
                Lanes8
                    .Fma(
                        new(left.Value.GetUpper()),
                        new(right.Value.GetUpper()),
                        new(addend.Value.GetUpper())
                    )
                    .Value
            )
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Max(Lanes16 left, Lanes16 right) =>
        new(
            Avx512F.IsSupported
                ? Avx512F.Max(left.Value, right.Value)
                : Vector512.ConditionalSelect(
                    Vector512.GreaterThan(left.Value, right.Value),
                    left.Value,
                    right.Value
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Min(Lanes16 left, Lanes16 right) =>
        new(
            Avx512F.IsSupported
                ? Avx512F.Min(left.Value, right.Value)
                : Vector512.ConditionalSelect(
                    Vector512.LessThan(left.Value, right.Value),
                    left.Value,
                    right.Value
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Round(Lanes16 value) => new(Vector512.Round(value.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 ScaleByPowerOfTwo(Lanes16 value, Lanes16 exponent)
    {
        if (Avx512F.IsSupported)
        {
            return new(Avx512F.Scale(value.Value, exponent.Value));
        }

        // In two steps, so that neither factor leaves the normal numbers and only the last product rounds.
        var whole = Vector512.ConvertToInt32Native(exponent.Value);
        var half = whole >> 1;
        var bias = Vector512.Create(127);
        var first = ((half + bias) << 23).AsSingle();
        var second = ((whole - half + bias) << 23).AsSingle();
        return new(value.Value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 And(Lanes16 left, Lanes16 right) => new(left.Value & right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Or(Lanes16 left, Lanes16 right) => new(left.Value | right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 AddBits(Lanes16 left, Lanes16 right) =>
        new((left.Value.AsUInt32() + right.Value.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 SubtractBits(Lanes16 left, Lanes16 right) =>
        new((left.Value.AsUInt32() - right.Value.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 ShiftLeft(Lanes16 value, int count) =>
        new((value.Value.AsUInt32() << count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 ShiftRight(Lanes16 value, int count) =>
        new((value.Value.AsUInt32() >> count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 SelectBitsLess(Lanes16 left, Lanes16 right, Lanes16 yes, Lanes16 no) =>
        new(
            Vector512.ConditionalSelect(
                Vector512.LessThan(left.Value.AsInt32(), right.Value.AsInt32()).AsSingle(),
                yes.Value,
                no.Value
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes16 value) =>
        Lanes8.Sum(new(value.Value.GetLower() + value.Value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes16 value) =>
        Lanes8.Maximum(Lanes8.Max(new(value.Value.GetLower()), new(value.Value.GetUpper())));
}
