using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Puna.Kernels.Lanes;

/// <summary>Eight floats: the AVX2 level, elsewhere two halves.</summary>
internal readonly unsafe struct Lanes8(Vector256<float> value) : ILanes<Lanes8>
{
    public readonly Vector256<float> Value = value;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes8 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadBits16(ushort* source)
    {
        var patterns = Vector128.Load(source);
        if (Avx2.IsSupported)
        {
            return new(Avx2.ConvertToVector256Int32(patterns).AsSingle());
        }

        var (lower, upper) = Vector128.Widen(patterns);
        return new(Vector256.Create(lower, upper).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadSigned16(short* source)
    {
        var integers = Vector128.Load(source);
        if (Avx2.IsSupported)
        {
            return new(Avx2.ConvertToVector256Int32(integers).AsSingle());
        }

        var (lower, upper) = Vector128.Widen(integers);
        return new(Vector256.Create(lower, upper).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBits16(Lanes8 value, ushort* destination)
    {
        var bits = value.Value.AsUInt32();
        Vector128.Narrow(bits.GetLower(), bits.GetUpper()).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 BroadcastBits(uint bits) => new(Vector256.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator +(Lanes8 left, Lanes8 right) => new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator -(Lanes8 left, Lanes8 right) => new(left.Value - right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator *(Lanes8 left, Lanes8 right) => new(left.Value * right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator /(Lanes8 left, Lanes8 right) => new(left.Value / right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Fma(Lanes8 left, Lanes8 right, Lanes8 addend)
    {
        if (System.Runtime.Intrinsics.X86.Fma.IsSupported)
        {
            return new(
                System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(left.Value, right.Value, addend.Value)
            );
        }

        return new(
            Vector256.Create(
                Lanes4
                    .Fma(
                        new(left.Value.GetLower()),
                        new(right.Value.GetLower()),
                        new(addend.Value.GetLower())
                    )
                    .Value,
                Lanes4
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
    public static Lanes8 Max(Lanes8 left, Lanes8 right) =>
        new(
            Avx.IsSupported
                ? Avx.Max(left.Value, right.Value)
                : Vector256.ConditionalSelect(
                    Vector256.GreaterThan(left.Value, right.Value),
                    left.Value,
                    right.Value
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Min(Lanes8 left, Lanes8 right) =>
        new(
            Avx.IsSupported
                ? Avx.Min(left.Value, right.Value)
                : Vector256.ConditionalSelect(
                    Vector256.LessThan(left.Value, right.Value),
                    left.Value,
                    right.Value
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Round(Lanes8 value) => new(Vector256.Round(value.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 ScaleByPowerOfTwo(Lanes8 value, Lanes8 exponent)
    {
        // In two steps, so that neither factor leaves the normal numbers and only the last product rounds.
        var whole = Vector256.ConvertToInt32Native(exponent.Value);
        var half = whole >> 1;
        var bias = Vector256.Create(127);
        var first = ((half + bias) << 23).AsSingle();
        var second = ((whole - half + bias) << 23).AsSingle();
        return new(value.Value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 And(Lanes8 left, Lanes8 right) => new(left.Value & right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Or(Lanes8 left, Lanes8 right) => new(left.Value | right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 AddBits(Lanes8 left, Lanes8 right) =>
        new((left.Value.AsUInt32() + right.Value.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 SubtractBits(Lanes8 left, Lanes8 right) =>
        new((left.Value.AsUInt32() - right.Value.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 ShiftLeft(Lanes8 value, int count) =>
        new((value.Value.AsUInt32() << count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 ShiftRight(Lanes8 value, int count) =>
        new((value.Value.AsUInt32() >> count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 SelectBitsLess(Lanes8 left, Lanes8 right, Lanes8 yes, Lanes8 no) =>
        new(
            Vector256.ConditionalSelect(
                Vector256.LessThan(left.Value.AsInt32(), right.Value.AsInt32()).AsSingle(),
                yes.Value,
                no.Value
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes8 value) =>
        Lanes4.Sum(new(value.Value.GetLower() + value.Value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes8 value) =>
        Lanes4.Maximum(Lanes4.Max(new(value.Value.GetLower()), new(value.Value.GetUpper())));
}
