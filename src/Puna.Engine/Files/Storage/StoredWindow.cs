namespace Puna.Engine.Files.Storage;

/// <summary>
/// The stretch of a tensor that a thread read last: rows that are asked for one by one, nearly in order, come from the
/// file a mebibyte at a time.
/// </summary>
internal sealed class StoredWindow
{
    private const int Size = 1 << 20;

    [ThreadStatic]
    private static StoredWindow? t_window;

    private StoredBytes? _source;
    private byte[] _bytes = [];
    private long _start;
    private int _length;

    /// <summary>Bytes of a tensor, valid until the thread asks again.</summary>
    /// <exception cref="InputException">They cannot be read, or were changed since the file was opened.</exception>
    public static ReadOnlySpan<byte> Read(StoredBytes source, long offset, int length) =>
        (t_window ??= new StoredWindow()).Bytes(source, offset, length);

    private ReadOnlySpan<byte> Bytes(StoredBytes source, long offset, int length)
    {
        if (source != _source || offset < _start || offset + length > _start + _length)
        {
            Fill(source, offset, length);
        }

        return _bytes.AsSpan((int)(offset - _start), length);
    }

    private void Fill(StoredBytes source, long offset, int length)
    {
        // Forgotten first: a read that fails leaves half a window.
        _source = null;
        _start = offset;
        _length = (int)Math.Min(Math.Max(Size, length), source.Length - offset);
        if (_bytes.Length < _length)
        {
            _bytes = new byte[_length];
        }

        source.Read(offset, _bytes.AsSpan(0, _length));
        _source = source;
    }
}
