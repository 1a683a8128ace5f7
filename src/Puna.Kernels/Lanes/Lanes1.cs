using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Puna.Kernels.Lanes;

/// <summary>One float: the scalar level.</summary>
internal readonly unsafe struct Lanes1(float value) : ILanes<Lanes1>
{
    public readonly float Value = value;

    public static int Width => 1;

    private uint Bits => BitConverter.SingleToUInt32Bits(Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes1 value, float* destination) => *destination = value.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 LoadBits16(ushort* source)
    {
        // Byte by byte: .NET 10 compiles the reinterpretation of a 16-bit load as one load of 32 bits, which reads
        // past the last element and fills the upper half.
        var bytes = (byte*)source;
        return BroadcastBits(bytes[0] | (uint)bytes[1] << 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 LoadSigned16(short* source)
    {
        // Byte by byte, as above.
        var bytes = (byte*)source;
        return BroadcastBits((uint)(bytes[0] | (sbyte)bytes[1] << 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBits16(Lanes1 value, ushort* destination) =>
        *destination = (ushort)value.Bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Broadcast(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 BroadcastBits(uint bits) => new(BitConverter.UInt32BitsToSingle(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator +(Lanes1 left, Lanes1 right) => new(left.Value + right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator -(Lanes1 left, Lanes1 right) => new(left.Value - right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator *(Lanes1 left, Lanes1 right) => new(left.Value * right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator /(Lanes1 left, Lanes1 right) => new(left.Value / right.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Fma(Lanes1 left, Lanes1 right, Lanes1 addend)
    {
        if (System.Runtime.Intrinsics.X86.Fma.IsSupported)
        {
            return new(
                System
                    .Runtime.Intrinsics.X86.Fma.MultiplyAddScalar(
                        Vector128.CreateScalarUnsafe(left.Value),
                        Vector128.CreateScalarUnsafe(right.Value),
                        Vector128.CreateScalarUnsafe(addend.Value)
                    )
                    .ToScalar()
            );
        }

        if (AdvSimd.IsSupported)
        {
            return new(MathF.FusedMultiplyAdd(left.Value, right.Value, addend.Value));
        }

        return new(left.Value * right.Value + addend.Value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Max(Lanes1 left, Lanes1 right) => left.Value > right.Value ? left : right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Min(Lanes1 left, Lanes1 right) => left.Value < right.Value ? left : right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Round(Lanes1 value) => new(MathF.Round(value.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 ScaleByPowerOfTwo(Lanes1 value, Lanes1 exponent)
    {
        var whole = (int)exponent.Value;
        var half = whole >> 1;
        var first = BitConverter.Int32BitsToSingle((half + 127) << 23);
        var second = BitConverter.Int32BitsToSingle((whole - half + 127) << 23);
        return new(value.Value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 And(Lanes1 left, Lanes1 right) => BroadcastBits(left.Bits & right.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Or(Lanes1 left, Lanes1 right) => BroadcastBits(left.Bits | right.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 AddBits(Lanes1 left, Lanes1 right) =>
        BroadcastBits(left.Bits + right.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 SubtractBits(Lanes1 left, Lanes1 right) =>
        BroadcastBits(left.Bits - right.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 ShiftLeft(Lanes1 value, int count) => BroadcastBits(value.Bits << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 ShiftRight(Lanes1 value, int count) => BroadcastBits(value.Bits >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 SelectBitsLess(Lanes1 left, Lanes1 right, Lanes1 yes, Lanes1 no) =>
        (int)left.Bits < (int)right.Bits ? yes : no;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes1 value) => value.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes1 value) => value.Value;
}
