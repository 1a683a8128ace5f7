using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Elementwise;

/// <summary>
/// Conversion of spans between f32 and the 16-bit floats: widening is exact, narrowing rounds to nearest even, and
/// subnormal numbers, infinities and NaN are kept.
/// </summary>
internal static unsafe class FloatConversion
{
    /// <summary>f16 patterns to f32.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void F16ToF32(ReadOnlySpan<ushort> source, Span<float> destination) =>
        Widen<WidenF16>(source, destination);

    /// <summary>bf16 patterns to f32.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void BF16ToF32(ReadOnlySpan<ushort> source, Span<float> destination) =>
        Widen<WidenBF16>(source, destination);

    /// <summary>f32 to f16 patterns; magnitudes of 65520 and more become Inf.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void F32ToF16(ReadOnlySpan<float> source, Span<ushort> destination) =>
        Narrow<NarrowF16>(source, destination);

    /// <summary>f32 to bf16 patterns.</summary>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void F32ToBF16(ReadOnlySpan<float> source, Span<ushort> destination) =>
        Narrow<NarrowBF16>(source, destination);

    private static void Widen<TConversion>(ReadOnlySpan<ushort> source, Span<float> destination)
        where TConversion : struct, IConversion
    {
        CheckLength(source.Length, destination.Length);
        fixed (ushort* from = source)
        fixed (float* to = destination)
        {
            Dispatch.Run(new WidenJob<TConversion>(from, to, source.Length));
        }
    }

    private static void Narrow<TConversion>(ReadOnlySpan<float> source, Span<ushort> destination)
        where TConversion : struct, IConversion
    {
        CheckLength(source.Length, destination.Length);
        fixed (float* from = source)
        fixed (ushort* to = destination)
        {
            Dispatch.Run(new NarrowJob<TConversion>(from, to, source.Length));
        }
    }

    private static void CheckLength(int source, int destination)
    {
        if (destination < source)
        {
            throw new ArgumentException(
                $"{source} numbers do not fit into a destination of {destination}."
            );
        }
    }

    internal interface IConversion
    {
        static abstract TLanes Apply<TLanes>(TLanes value)
            where TLanes : unmanaged, ILanes<TLanes>;
    }

    internal readonly struct WidenF16 : IConversion
    {
        public static TLanes Apply<TLanes>(TLanes value)
            where TLanes : unmanaged, ILanes<TLanes> => HalfBits.ToFloat(value);
    }

    internal readonly struct WidenBF16 : IConversion
    {
        public static TLanes Apply<TLanes>(TLanes value)
            where TLanes : unmanaged, ILanes<TLanes> => HalfBits.BrainToFloat(value);
    }

    internal readonly struct NarrowF16 : IConversion
    {
        public static TLanes Apply<TLanes>(TLanes value)
            where TLanes : unmanaged, ILanes<TLanes> => HalfBits.FromFloat(value);
    }

    internal readonly struct NarrowBF16 : IConversion
    {
        public static TLanes Apply<TLanes>(TLanes value)
            where TLanes : unmanaged, ILanes<TLanes> => HalfBits.BrainFromFloat(value);
    }

    internal readonly struct WidenJob<TConversion>(ushort* source, float* destination, int count)
        : ILanesJob
        where TConversion : struct, IConversion
    {
        private readonly ushort* _source = source;
        private readonly float* _destination = destination;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var index = 0;
            for (; index + TLanes.Width <= count; index += TLanes.Width)
            {
                var value = TConversion.Apply(TLanes.LoadBits16(_source + index));
                TLanes.Store(value, _destination + index);
            }

            var rest = count - index;
            if (rest > 0)
            {
                var value = TConversion.Apply(
                    PartialLanes.LoadBits16<TLanes>(_source + index, rest)
                );
                PartialLanes.Store(value, _destination + index, rest);
            }
        }
    }

    internal readonly struct NarrowJob<TConversion>(float* source, ushort* destination, int count)
        : ILanesJob
        where TConversion : struct, IConversion
    {
        private readonly float* _source = source;
        private readonly ushort* _destination = destination;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var index = 0;
            for (; index + TLanes.Width <= count; index += TLanes.Width)
            {
                var value = TConversion.Apply(TLanes.Load(_source + index));
                TLanes.StoreBits16(value, _destination + index);
            }

            var rest = count - index;
            if (rest > 0)
            {
                var value = TConversion.Apply(PartialLanes.Load<TLanes>(_source + index, rest));
                PartialLanes.StoreBits16(value, _destination + index, rest);
            }
        }
    }
}
