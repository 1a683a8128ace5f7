using Puna.Kernels.Formats;

namespace Puna.Engine.Files;

/// <summary>A tensor of a new model.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Format">Its coding.</param>
/// <param name="Bytes">Bytes of its elements.</param>
public sealed record WrittenTensor(string Name, WeightFormat Format, long Bytes);
