using System.Runtime.InteropServices;
using Puna.Engine.Files.Storage;

namespace Puna.Engine.Files.Safetensors;

/// <summary>
/// A safetensors file: an 8-byte length, a JSON header of that length (name, dtype, shape, data_offsets), the
/// data without holes. It knows nothing of models, so that adapters, oracles and training states open too.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly Dictionary<string, SafetensorsTensor> _byName;
    private readonly InputFile _file;

    internal SafetensorsFile(
        InputFile file,
        IReadOnlyList<SafetensorsTensor> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        _file = file;
        Tensors = tensors;
        Metadata = metadata;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The path that was opened.</summary>
    public string Path => _file.Path;

    /// <summary>All tensors, in header order; each was checked to lie inside the file and to overlap no other.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The strings under __metadata__.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="InputException">The file cannot be read, is no safetensors file, or is damaged.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = InputFile.Open(path);
        try
        {
            return SafetensorsHeader.Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of a name, or null.</summary>
    public SafetensorsTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public SafetensorsTensor Get(string name) =>
        Find(name) ?? throw new InputException($"'{Path}' has no tensor '{name}'.");

    /// <summary>The bytes of a tensor.</summary>
    public StoredBytes Data(SafetensorsTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new FileBytes(_file, tensor.Offset, tensor.Length);
    }

    /// <summary>A copy of the elements of a small tensor, exactly as they are stored.</summary>
    /// <typeparam name="T">A type of the element's size.</typeparam>
    /// <exception cref="InputException">There is no such tensor, or its elements have another size.</exception>
    public T[] Values<T>(string name)
        where T : unmanaged
    {
        var tensor = Get(name);
        return tensor.Type?.Size() == Marshal.SizeOf<T>()
            ? MemoryMarshal.Cast<byte, T>(Data(tensor).ToArray()).ToArray()
            : throw new InputException(
                $"'{Path}' stores tensor '{name}' as {tensor.TypeId}, which was asked for as {typeof(T).Name}."
            );
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
