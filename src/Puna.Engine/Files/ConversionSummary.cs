using Puna.Kernels.Formats;

namespace Puna.Engine.Files;

/// <summary>What a conversion or creation wrote.</summary>
/// <param name="Bytes">Bytes of all files together.</param>
/// <param name="Files">Paths of the files.</param>
/// <param name="Tensors">Every tensor, in file order.</param>
/// <param name="StoredOtherwise">Names of the matrices whose rows the asked format does not divide, with the coding they have instead.</param>
/// <param name="Remarks">Sentences that the user should read: what the new file cannot state.</param>
public sealed record ConversionSummary(
    long Bytes,
    IReadOnlyList<string> Files,
    IReadOnlyList<WrittenTensor> Tensors,
    IReadOnlyList<KeyValuePair<string, WeightFormat>> StoredOtherwise,
    IReadOnlyList<string> Remarks
);
