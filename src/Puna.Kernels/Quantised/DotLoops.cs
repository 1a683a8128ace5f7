using Puna.Kernels.Emitted;
using Puna.Kernels.Quantised.Layouts;

namespace Puna.Kernels.Quantised;

/// <summary>The emitted loops of a layout, for one and for two groups of rows, written when first asked for.</summary>
internal static unsafe class DotLoops<TLayout>
    where TLayout : struct, IBlockLayout
{
    private static readonly nint s_second;
    private static readonly nint s_first = Create(out s_second);

    /// <summary>True when there are such loops; false also when the system refuses executable pages.</summary>
    public static bool Exist => s_first != 0;

    /// <summary>
    /// The function for one or two groups. A call lasts less than a microsecond, so it need not tell the collector that
    /// it leaves managed code.
    /// </summary>
    public static delegate* unmanaged[SuppressGCTransition]<DotArguments*, void> For(int groups) =>
        (delegate* unmanaged[SuppressGCTransition]<DotArguments*, void>)(
            groups == 1 ? s_first : s_second
        );

    private static nint Create(out nint second)
    {
        second = 0;
        if (!EmittedCode.IsWanted || TLayout.Planes is not { } planes)
        {
            return 0;
        }

        var assembler = new Assembler();
        DotProgram.Write(assembler, TLayout.Kind, planes, 1);
        var length = assembler.Position;
        DotProgram.Write(assembler, TLayout.Kind, planes, 2);
        var code = (nint)ExecutableMemory.Load(assembler.Code);
        second = code + length;
        return code;
    }
}
