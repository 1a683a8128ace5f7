using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// The numbers that codes of a symmetric format stand for, before they are scaled. Implemented by small structs, so that
/// a search is compiled for each.
/// </summary>
internal interface ICodeLevels
{
    /// <summary>The least level, negative: no other has its magnitude.</summary>
    float Lowest { get; }

    /// <summary>The level that is nearest to each value.</summary>
    Vector256<float> Nearest(Vector256<float> scaled);

    /// <summary>The code, counted from 0, of a level.</summary>
    byte Code(float level);
}
