using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>The dense element types.</summary>
internal static unsafe class DenseElements
{
    internal readonly struct F32 : IDenseElement
    {
        public static int Size => sizeof(float);

        public static float Read(byte* source) => *(float*)source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TLanes Load<TLanes>(byte* source)
            where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)source);
    }

    internal readonly struct F16 : IDenseElement
    {
        public static int Size => sizeof(ushort);

        public static float Read(byte* source) => (float)*(Half*)source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TLanes Load<TLanes>(byte* source)
            where TLanes : unmanaged, ILanes<TLanes> =>
            HalfBits.ToFloat(TLanes.LoadBits16((ushort*)source));
    }

    /// <summary>F16 of which it is known that none is Inf or NaN: half the work.</summary>
    internal readonly struct FiniteF16 : IDenseElement
    {
        public static int Size => sizeof(short);

        public static float Read(byte* source) => (float)*(Half*)source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TLanes Load<TLanes>(byte* source)
            where TLanes : unmanaged, ILanes<TLanes> =>
            HalfBits.FiniteToFloat(TLanes.LoadSigned16((short*)source));
    }

    internal readonly struct BF16 : IDenseElement
    {
        public static int Size => sizeof(ushort);

        public static float Read(byte* source) =>
            BitConverter.UInt32BitsToSingle((uint)*(ushort*)source << 16);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TLanes Load<TLanes>(byte* source)
            where TLanes : unmanaged, ILanes<TLanes> =>
            HalfBits.BrainToFloat(TLanes.LoadBits16((ushort*)source));
    }
}
