using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Puna.Kernels.Lanes;

/// <summary>Four floats: the 128-bit level.</summary>
internal readonly unsafe struct Lanes4(Vector128<float> value) : ILanes<Lanes4>
{
    public readonly Vector128<float> Value = value;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes4 value, float* destination) => value.Value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadBits16(ushort* source) =>
        new(
            Vector128
                .WidenLower(
                    Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsUInt16()
                )
                .AsSingle()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadSigned16(short* source) =>
        new(
            Vector128
                .WidenLower(
                    Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsInt16()
                )
                .AsSingle()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBits16(Lanes4 value, ushort* destination)
    {
        var bits = value.Value.AsUInt32();
        Unsafe.WriteUnaligned(destination, Vector128.Narrow(bits, bits).AsUInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 BroadcastBits(uint bits) => new(Vector128.Create(bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator +(Lanes4 left, Lanes4 right) => new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator -(Lanes4 left, Lanes4 right) => new(left.Value - right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator *(Lanes4 left, Lanes4 right) => new(left.Value * right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator /(Lanes4 left, Lanes4 right) => new(left.Value / right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Fma(Lanes4 left, Lanes4 right, Lanes4 addend)
    {
        if (System.Runtime.Intrinsics.X86.Fma.IsSupported)
        {
            return new(
                System.Runtime.Intrinsics.X86.Fma.MultiplyAdd(left.Value, right.Value, addend.Value)
            );
        }

        if (AdvSimd.IsSupported)
        {
            return new(AdvSimd.FusedMultiplyAdd(addend.Value, left.Value, right.Value));
        }

        return new(left.Value * right.Value + addend.Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Max(Lanes4 left, Lanes4 right) =>
        new(
            Sse.IsSupported
                ? Sse.Max(left.Value, right.Value)
                : Vector128.ConditionalSelect(
                    Vector128.GreaterThan(left.Value, right.Value),
                    left.Value,
                    right.Value
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Min(Lanes4 left, Lanes4 right) =>
        new(
            Sse.IsSupported
                ? Sse.Min(left.Value, right.Value)
                : Vector128.ConditionalSelect(
                    Vector128.LessThan(left.Value, right.Value),
                    left.Value,
                    right.Value
                )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Round(Lanes4 value) => new(Vector128.Round(value.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 ScaleByPowerOfTwo(Lanes4 value, Lanes4 exponent)
    {
        // In two steps, so that neither factor leaves the normal numbers and only the last product rounds.
        var whole = Vector128.ConvertToInt32Native(exponent.Value);
        var half = whole >> 1;
        var bias = Vector128.Create(127);
        var first = ((half + bias) << 23).AsSingle();
        var second = ((whole - half + bias) << 23).AsSingle();
        return new(value.Value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 And(Lanes4 left, Lanes4 right) => new(left.Value & right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Or(Lanes4 left, Lanes4 right) => new(left.Value | right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 AddBits(Lanes4 left, Lanes4 right) =>
        new((left.Value.AsUInt32() + right.Value.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 SubtractBits(Lanes4 left, Lanes4 right) =>
        new((left.Value.AsUInt32() - right.Value.AsUInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 ShiftLeft(Lanes4 value, int count) =>
        new((value.Value.AsUInt32() << count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 ShiftRight(Lanes4 value, int count) =>
        new((value.Value.AsUInt32() >> count).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 SelectBitsLess(Lanes4 left, Lanes4 right, Lanes4 yes, Lanes4 no) =>
        new(
            Vector128.ConditionalSelect(
                Vector128.LessThan(left.Value.AsInt32(), right.Value.AsInt32()).AsSingle(),
                yes.Value,
                no.Value
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes4 value) =>
        value.Value[0] + value.Value[2] + (value.Value[1] + value.Value[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes4 value) =>
        MathF.Max(
            MathF.Max(value.Value[0], value.Value[2]),
            MathF.Max(value.Value[1], value.Value[3])
        );
}
