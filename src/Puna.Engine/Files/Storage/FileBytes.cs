namespace Puna.Engine.Files.Storage;

/// <summary>A range of a file, which must stay open.</summary>
/// <param name="file">The file.</param>
/// <param name="offset">Where the range begins.</param>
/// <param name="length">Its bytes, which lie inside the file.</param>
internal sealed class FileBytes(InputFile file, long offset, long length) : StoredBytes(length)
{
    /// <inheritdoc/>
    internal override void Read(long start, Span<byte> target) => file.Read(offset + start, target);
}
