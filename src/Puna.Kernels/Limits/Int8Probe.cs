using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Quantised.RowLanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Limits;

/// <summary>
/// Products of unsigned and signed bytes, summed in 16 bits (vpmaddubsw and vpaddw on x86): the fastest int8 form that
/// the kernels use. Codes come from the first-level cache, since products of constants would be computed once.
/// </summary>
internal readonly unsafe struct Int8Probe(long rounds, byte* codes, byte* sink) : IParallelJob
{
    /// <summary>Vectors of products in a round.</summary>
    public const int Chains = 8;

    /// <summary>Bytes of codes that are read, a power of two.</summary>
    public const int CodeBytes = 8192;

    /// <summary>Bytes of the sink for a thread.</summary>
    public const int SinkBytes = 64;

    private readonly byte* _codes = codes;
    private readonly byte* _sink = sink;

    /// <summary>Multiplications and additions of a round at this processor's level.</summary>
    public static int RoundOperations => 8 * Rows * Chains;

    private static int Rows =>
        Dispatch.Level switch
        {
            KernelLevel.Avx512 => RowLanes16.Rows,
            KernelLevel.Avx2 => RowLanes8.Rows,
            _ => RowLanes4.Rows,
        };

    public void Execute(int part, int parts)
    {
        switch (Dispatch.Level)
        {
            case KernelLevel.Avx512:
                Execute<RowLanes16>(part);
                break;
            case KernelLevel.Avx2:
                Execute<RowLanes8>(part);
                break;
            default:
                Execute<RowLanes4>(part);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Execute<TLanes>(int part)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var quad = TLanes.Broadcast(0x01FF01FF);
        TLanes a0 = TLanes.Zero,
            a1 = a0,
            a2 = a0,
            a3 = a0,
            a4 = a0,
            a5 = a0,
            a6 = a0,
            a7 = a0;
        var vector = 4 * TLanes.Rows;
        var from = _codes;
        var end = _codes + CodeBytes;
        for (var round = rounds; round > 0; round--)
        {
            a0 = TLanes.AddPairs(a0, TLanes.Load(from), quad);
            a1 = TLanes.AddPairs(a1, TLanes.Load(from + vector), quad);
            a2 = TLanes.AddPairs(a2, TLanes.Load(from + 2 * vector), quad);
            a3 = TLanes.AddPairs(a3, TLanes.Load(from + 3 * vector), quad);
            a4 = TLanes.AddPairs(a4, TLanes.Load(from + 4 * vector), quad);
            a5 = TLanes.AddPairs(a5, TLanes.Load(from + 5 * vector), quad);
            a6 = TLanes.AddPairs(a6, TLanes.Load(from + 6 * vector), quad);
            a7 = TLanes.AddPairs(a7, TLanes.Load(from + 7 * vector), quad);
            from += Chains * vector;
            from = from == end ? _codes : from;
        }

        var sum = TLanes.AddShorts(
            TLanes.AddShorts(TLanes.AddShorts(a0, a1), TLanes.AddShorts(a2, a3)),
            TLanes.AddShorts(TLanes.AddShorts(a4, a5), TLanes.AddShorts(a6, a7))
        );
        TLanes.Store(sum, _sink + part * SinkBytes);
    }
}
